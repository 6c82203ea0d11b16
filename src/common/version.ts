import packageJson from "../../package.json" with { type: "json" };

/** The version of this program. The bundle contains it. */
export const VERSION: string = packageJson.version;
