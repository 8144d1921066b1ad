/** Settings of AWS's own client that point it at the emulator. */
export function clientSettings(endpoint: string) {
  return {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
  };
}

/** How a call was refused: what the client calls the error, its older code, and AWS's text. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ name: string; code: unknown; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error) || !("$metadata" in error)) throw error;
    const { name, message } = error;
    return { name, code: (error as { Code?: unknown }).Code, message };
  }
  return { name: "none", code: undefined, message: "the call was answered" };
}
