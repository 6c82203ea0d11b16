/** Annotations of one request's audit event (apiserver pkg/admission/attributes.go AddAnnotationWithLevel). */
export class AuditEvent {
  readonly annotations = new Map<string, string>();
  /** What the API server only complains about in its own log. */
  readonly complaints: string[] = [];

  add(key: string, value: string): void {
    if (!isQualifiedName(key)) {
      this.complaints.push(`${key}: annotation key has invalid format`);
      return;
    }
    const known = this.annotations.get(key);
    if (known !== undefined && known !== value) {
      this.complaints.push(`${key}: admission annotations are not allowed to be overwritten`);
      return;
    }
    this.annotations.set(key, value);
  }
}

/** apimachinery pkg/util/validation IsQualifiedName, with the prefix that checkKeyFormat demands. */
function isQualifiedName(key: string): boolean {
  const [prefix = "", name = "", ...more] = key.split("/");
  if (more.length > 0 || prefix.length > 253 || name.length > 63) return false;
  const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  const isSubdomain = new RegExp(`^${label}(\\.${label})*$`).test(prefix);
  return isSubdomain && /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name);
}
