import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { OSIMAGE_CONFIGURATION_NAME } from "../../src/certs/cluster/cluster-source.ts";
import { FLAGS } from "../../src/cli/flags.ts";
import { IMAGE_KIND_ROWS } from "../../src/images/image.ts";
import { kustomization, MANIFESTS, manifestsOf, only, textOf } from "./manifests.ts";

const NAME = "vm-image-webhook-osimage";
const component = manifestsOf("osimage/component");

test("the kustomization of the component lists exactly the files of its folder", () => {
  const files = readdirSync(new URL("osimage/component/", MANIFESTS)).filter((file) => file !== "kustomization.yaml");
  expect([...kustomization("osimage/component").resources, "follow-osimages.yaml"].sort()).toEqual(files.sort());
  expect(textOf("osimage/component/kustomization.yaml")).toContain("path: follow-osimages.yaml");
});

test("the component adds --osimage, and base has nothing of OSImages", () => {
  const [patch, ...others] = parse(textOf("osimage/component/follow-osimages.yaml")) as {
    path: string;
    value: string;
  }[];
  expect(others).toEqual([]);
  expect(patch).toMatchObject({ op: "add", path: "/spec/template/spec/containers/0/args/-", value: "--osimage" });
  expect(FLAGS).toHaveProperty("osimage");
  expect(JSON.stringify(manifestsOf("base"))).not.toMatch(/osimage|loft\.sh/);
});

test("the component allows to read OSImages in both groups, and nothing more", () => {
  expect(only(component, "ClusterRole", NAME)["rules"]).toEqual([
    { apiGroups: IMAGE_KIND_ROWS.OSImage.groups, resources: ["osimages"], verbs: ["get", "list", "watch"] },
  ]);
  const binding = only(component, "ClusterRoleBinding", NAME);
  expect(binding["roleRef"]).toMatchObject({ name: NAME });
  expect(binding["subjects"]).toEqual(only(manifestsOf("base"), "ClusterRoleBinding")["subjects"]);
});

test.each(["cluster", "cert-manager", "files"])("osimage/%s is that overlay with the component", (folder) => {
  const { resources, components } = kustomization(`osimage/${folder}`);
  expect([resources, components]).toEqual([[`../../${folder}`], ["../component"]]);
});

test("osimage/cluster also allows to write caBundle of the OSImage configurations", () => {
  expect(parse(textOf("osimage/cluster/ca-bundle.yaml"))).toEqual([
    { op: "add", path: "/rules/0/resourceNames/-", value: OSIMAGE_CONFIGURATION_NAME },
  ]);
  expect(NAME).toBe(OSIMAGE_CONFIGURATION_NAME);
});

test("manifests/osimage has the same default overlay as manifests", () => {
  expect(kustomization("osimage").resources).toEqual(kustomization(".").resources);
});
