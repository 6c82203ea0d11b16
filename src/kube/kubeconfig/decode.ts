import { dirname, isAbsolute, join, sep } from "node:path";
import { YamlError, yamlDocuments } from "../../files/yaml.ts";
import { type Fields, fieldsOf, flag, list, text, texts } from "./fields.ts";
import {
  type ClusterEntry,
  type ContextEntry,
  type ExecEntry,
  type FileOrData,
  type Impersonation,
  INTERACTIVE_MODES,
  type Kubeconfig,
  type UserEntry,
} from "./kubeconfig.ts";

/** The extension of a cluster that is for exec plugins (client-go tools/clientcmd/client_config.go). */
const EXEC_EXTENSION = "client.authentication.k8s.io/exec";

/**
 * The kubeconfig in a file's text. Relative paths become relative to the file's folder, as in client-go. Throws an Error
 * that names the field, without its value, which may be a secret.
 */
export function decodeKubeconfig(content: string, file: string): Kubeconfig {
  const value = parsed(content);
  if (value === undefined || value === null) throw new Error("it is empty");
  const root = fieldsOf(value, "it");
  const kind = text(root, "kind") ?? "Config";
  if (kind !== "Config") throw new Error(`it has kind ${kind}, and a kubeconfig has kind Config`);
  const folder = dirname(file);
  return {
    files: [file],
    clusters: named(root, "clusters", (name, entry) =>
      clusterOf(name, fieldsOf(entry["cluster"], nameOf("cluster", name)), { file, folder }),
    ),
    users: named(root, "users", (name, entry) =>
      userOf(name, fieldsOf(entry["user"], nameOf("user", name)), { file, folder }),
    ),
    contexts: named(root, "contexts", (name, entry) =>
      contextOf(name, fieldsOf(entry["context"], nameOf("context", name)), file),
    ),
    currentContext: text(root, "current-context"),
  };
}

interface Origin {
  readonly file: string;
  readonly folder: string;
}

function nameOf(kind: string, name: string): string {
  return `${kind} "${name}"`;
}

/** The first document, as in client-go. */
function parsed(content: string): unknown {
  try {
    const { value } = yamlDocuments(content).next();
    return value?.value;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new Error(`it is not YAML: line ${error.line}: ${error.message}`, { cause: error });
  }
}

function named<T>(
  root: Fields,
  field: string,
  decode: (name: string, entry: Readonly<Record<string, unknown>>) => T,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [position, entry] of list(root, field).entries()) {
    const fields = fieldsOf(entry, `${field}[${position}]`);
    const name = text(fields, "name");
    if (name === undefined) throw new Error(`${fields.where} has no name`);
    if (found.has(name)) throw new Error(`${field} has the name "${name}" twice`);
    found.set(name, decode(name, fields.object));
  }
  return found;
}

function clusterOf(name: string, fields: Fields, { file, folder }: Origin): ClusterEntry {
  const extension = list(fields, "extensions").map((entry) => fieldsOf(entry, `extensions of ${fields.where}`).object);
  return {
    name,
    file,
    server: text(fields, "server"),
    tlsServerName: text(fields, "tls-server-name"),
    insecureSkipTlsVerify: flag(fields, "insecure-skip-tls-verify"),
    ca: fileOrData(fields, "certificate-authority", folder),
    proxyUrl: text(fields, "proxy-url"),
    disableCompression: flag(fields, "disable-compression"),
    execConfig: extension.find((entry) => entry["name"] === EXEC_EXTENSION)?.["extension"],
  };
}

function userOf(name: string, fields: Fields, { file, folder }: Origin): UserEntry {
  const tokenFile = text(fields, "tokenFile");
  const provider = fields.object["auth-provider"];
  const providerFields = fieldsOf(provider, `auth-provider of ${fields.where}`);
  return {
    name,
    file,
    certificate: fileOrData(fields, "client-certificate", folder),
    key: fileOrData(fields, "client-key", folder),
    token: text(fields, "token"),
    tokenFile: tokenFile === undefined ? undefined : absolute(folder, tokenFile),
    username: text(fields, "username"),
    password: text(fields, "password"),
    impersonation: impersonationOf(fields),
    exec: execOf(fieldsOf(fields.object["exec"], `exec of ${fields.where}`), folder),
    authProvider:
      provider === undefined || provider === null
        ? undefined
        : { name: text(providerFields, "name") ?? "", config: providerFields.object["config"] },
  };
}

function impersonationOf(fields: Fields): Impersonation {
  const extra = fieldsOf(fields.object["as-user-extra"], `as-user-extra of ${fields.where}`);
  return {
    user: text(fields, "as"),
    uid: text(fields, "as-uid"),
    groups: texts(fields, "as-groups"),
    extra: Object.fromEntries(Object.keys(extra.object).map((key) => [key, texts(extra, key)])),
  };
}

function execOf(fields: Fields, folder: string): ExecEntry | undefined {
  if (Object.keys(fields.object).length === 0) return undefined;
  const command = text(fields, "command");
  if (command === undefined) throw new Error(`${fields.where} has no command`);
  const apiVersion = text(fields, "apiVersion");
  if (apiVersion === undefined)
    throw new Error(`${fields.where} has no apiVersion: set client.authentication.k8s.io/v1`);
  const variables = list(fields, "env").map((entry) => fieldsOf(entry, `env of ${fields.where}`));
  const mode = text(fields, "interactiveMode") ?? "IfAvailable";
  const interactiveMode = INTERACTIVE_MODES.find((each) => each === mode);
  if (interactiveMode === undefined)
    throw new Error(`interactiveMode of ${fields.where} is ${mode}, and must be ${INTERACTIVE_MODES.join(", ")}`);
  return {
    apiVersion,
    // A command without a separator is searched in PATH.
    command: command.includes(sep) ? absolute(folder, command) : command,
    args: texts(fields, "args"),
    env: Object.fromEntries(variables.map((each) => [text(each, "name") ?? "", text(each, "value") ?? ""])),
    installHint: text(fields, "installHint"),
    provideClusterInfo: flag(fields, "provideClusterInfo"),
    interactiveMode,
  };
}

function contextOf(name: string, fields: Fields, file: string): ContextEntry {
  return {
    name,
    file,
    cluster: text(fields, "cluster"),
    user: text(fields, "user"),
    namespace: text(fields, "namespace"),
  };
}

function fileOrData(fields: Fields, field: string, folder: string): FileOrData {
  const file = text(fields, field);
  return { field, file: file === undefined ? undefined : absolute(folder, file), data: text(fields, `${field}-data`) };
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
