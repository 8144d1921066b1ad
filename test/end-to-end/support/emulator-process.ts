import { scaledClock, startEmulator } from "@pilotlight/emulator";

/**
 * A process of its own with an emulator in it, which a test can kill: state directory, folder of the code and speed of
 * service time are its arguments. It prints the address of its AWS endpoint, and what it reports when it is stopped.
 */
const [stateDirectory = "", codeDirectory = "", speed = "1"] = process.argv.slice(2);

const emulator = await startEmulator({
  apiPort: 0,
  awsPort: 0,
  defaultFunction: "appends",
  stateDirectory,
  clock: scaledClock(Number(speed)),
  onError: (error) => console.error(String(error)),
});
await emulator.createFunction({
  functionName: "appends",
  handler: "index.handler",
  codeDirectory,
  memoryMb: 128,
  timeoutSec: 60,
  architecture: "x86_64",
  variables: {},
  nodePath: [],
});
console.log(JSON.stringify({ aws: emulator.awsUrl }));

process.once("SIGTERM", () => {
  void emulator.stop().then((report) => console.log(JSON.stringify(report)));
});
