import type { JsonObject, JsonPath } from "../../common/json.ts";
import type { Image, ImageMetadata } from "../image.ts";

/** Decodes what differs between kinds. */
export interface KindDecoder {
  /** The field of the display name in this API version. */
  readonly displayNamePath: (version: string) => JsonPath;
  readonly decode: (object: JsonObject, version: string, metadata: ImageMetadata) => Image;
}
