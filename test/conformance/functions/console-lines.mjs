console.log("outside of any invocation");

/** Logs a formatted text and one of two lines. */
export const handler = async () => {
  console.log("hi %s", "x");
  console.warn("multi\nline");
};
