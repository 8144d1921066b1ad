// Plain JavaScript of the oldest kind: a Node that is too old has to be able to read it.
// Imported first by pilotlight.js, or loaded before a script (`node --import ./packages/cli/bin/require-node.js`).

const NODE_MAJOR_MIN = 24;
const found = process.versions.node;

if (Number(found.split(".")[0]) < NODE_MAJOR_MIN) {
  console.error(
    "ERR_NODE_TOO_OLD: Pilotlight needs Node " +
      NODE_MAJOR_MIN +
      " or later; this is Node " +
      found +
      " (" +
      process.execPath +
      ").\n" +
      "On Linux x64 and arm64, npm ci brings Node 24 along: start by npm (npm start, npm test).\n" +
      "Elsewhere, install Node 24 from https://nodejs.org and try again.",
  );
  process.exit(1);
}
