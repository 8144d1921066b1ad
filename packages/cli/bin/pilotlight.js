#!/usr/bin/env node
// Checks Node's version before anything that an older Node cannot read: src/ is TypeScript.
import "./require-node.js";

// No await: a Node that is too old for it has to read this file too.
void import("../src/main.ts");
