throw Error("Runtime startup fails");

// oxlint-disable-next-line no-unreachable -- the runtime looks for it, and never gets here
export const handler = async () => undefined;
