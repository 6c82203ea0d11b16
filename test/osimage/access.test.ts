import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";

import { errorMessage } from "../../src/references/field-error.ts";
import type { RequestFacts } from "../support/admission.ts";
import { osImage } from "../support/catalogue.ts";
import { asked, OS_IMAGE } from "../support/platform.ts";

const FIELD = `spec.properties[${OS_IMAGE}]`;
const CLOSED = { spec: { properties: { [OS_IMAGE]: "closed" } } };
const OPEN = { spec: { properties: { [OS_IMAGE]: "noble" } } };

const user = (name: string, ...groups: readonly string[]): RequestFacts => ({ user: { name, groups } });

describe("access: whoever names an image", () => {
  it.each<[string, RequestFacts]>([
    ["is its owner", user("owner")],
    ["is granted get", user("granted")],
    ["is of a team that is", user("somebody", "system:authenticated", "loft:team:infra")],
    ["is privileged", user("admin", "system:masters")],
  ])("%s", (_, facts) => {
    expect(asked("validate", "NodeClaim", CLOSED, facts)).toMatchObject({ errors: [], warnings: [] });
  });

  it.each<[string, RequestFacts]>([
    ["somebody else", user("stranger")],
    ["a user of the team's name", user("infra")],
    ["a group of the team's name", user("somebody", "infra")],
    ["the owner's group", user("somebody", "loft:team:owner")],
    ["of another team", user("somebody", "loft:team:infra-2", "x-loft:team:infra")],
  ])("is warned: %s", (_, facts) => {
    const name = facts.user?.name ?? "";
    expect(asked("validate", "NodeClaim", CLOSED, facts)).toMatchObject({
      errors: [],
      warnings: [
        `${FIELD}: "closed": Closed: user "${name}" neither owns the image nor is granted get or * by its spec.access; ask its owner, or use another image`,
      ],
    });
  });

  it("may use any image that says nothing of access", () => {
    expect(asked("validate", "NodeClaim", OPEN, user("stranger")).warnings).toEqual([]);
  });

  it("may use an image that is granted to everybody", () => {
    const images = [osImage("closed", "Closed", { access: { users: ["owner", "*"], teams: [] } })];
    expect(asked("validate", "NodeClaim", CLOSED, { ...user("stranger"), images }).warnings).toEqual([]);
  });

  it("is of a team by the prefix that the operator chose", () => {
    const facts = user("somebody", "oidc:infra", "loft:team:other");
    expect(asked("validate", "NodeClaim", CLOSED, { ...facts, teamGroupPrefix: "oidc:" }).warnings).toEqual([]);
    expect(asked("validate", "NodeClaim", CLOSED, facts).warnings).toHaveLength(1);
  });

  it("is not asked again for what does not change", () => {
    const facts = { ...user("stranger"), oldObject: { ...CLOSED } };
    expect(asked("validate", "NodeClaim", CLOSED, facts).warnings).toEqual([]);
    expect(asked("validate", "NodeClaim", CLOSED, { ...facts, oldObject: { ...OPEN } }).warnings).toHaveLength(1);
  });

  it("is said at /validate only, so that a person reads it once", () => {
    expect(asked("mutate", "NodeClaim", CLOSED, user("stranger")).warnings).toEqual([]);
  });

  it("is refused with access=deny", () => {
    const levels = { ...DEFAULT_LEVELS, access: "deny" } as const;
    const { errors } = asked("validate", "NodeClaim", CLOSED, { ...user("stranger"), levels });
    expect(errors.map(errorMessage)).toEqual([expect.stringMatching(/^Forbidden: "closed": Closed: user "stranger"/)]);
  });
});
