#!/usr/bin/env node
/**
 * What the package's commands start: it checks the version of Node before Node parses the bundle, which an old one cannot.
 * Built as CommonJS for Node 12, so that old versions run it.
 */

/** Of `engines` in package.json: `24.12`. */
declare const WANTED_NODE: string;

const COULD_NOT_RUN = 3;
// In a variable, because the compiler would look for the file here.
const BUNDLE = "./vm-image-webhook.mjs";

const found = process.versions.node;
if (isOlder(found, WANTED_NODE)) {
  process.stderr.write(
    `vm-image-webhook needs Node ${WANTED_NODE} or newer, and this is Node ${found}: install one from https://nodejs.org\n`,
  );
  process.exitCode = COULD_NOT_RUN;
} else {
  void import(BUNDLE);
}

/** Compares major and minor version. */
function isOlder(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
