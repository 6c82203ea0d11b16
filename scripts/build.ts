/** Bundles the program into one file that needs nothing but Node: `npm run build`. */
import { build, type Metafile } from "esbuild";

/** Writes the bundle to `outfile`, and returns what is in it. */
export async function bundle(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: ["src/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // CommonJS packages inside an ES module still call require.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    logLevel: "warning",
    metafile: true,
  });
  return metafile;
}

if (import.meta.main) await bundle("dist/vm-image-webhook.mjs");
