/** A text with empty managedFields, where these hold no bracket: what is wrong in there is nobody's business. */
export function withoutManagedFields(text: string): string {
  return text.replaceAll(/"managedFields":\[[^[\]]*\]/g, '"managedFields":[]');
}
