/* A function that does not end when it is told to. */
process.on("SIGTERM", () => console.log("runtime is to end"));

export const handler = async () => "done";
