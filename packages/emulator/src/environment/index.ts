export { startEnvironment } from "./environment.ts";
export { type FolderPurpose, makeOwnedFolder, sweepOwnedFolders } from "./owned-folder.ts";
export { isAlive, type ProcessIdentity, thisProcess } from "./process-identity.ts";
