import type { JsonObject, JsonPath } from "../../common/json.ts";
import type { Image, ImageMetadata } from "../image.ts";

/** Where objects of one kind keep the facts that kinds keep in different fields. */
export interface KindDecoder {
  /** The field of the display name in this API version. */
  readonly displayNamePath: (version: string) => JsonPath;
  readonly decode: (object: JsonObject, version: string, metadata: ImageMetadata) => Image;
}
