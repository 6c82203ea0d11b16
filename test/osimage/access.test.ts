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

describe("access: a user who names an image", () => {
  it.each<[string, RequestFacts]>([
    ["the owner", user("owner")],
    ["a user with verb get", user("granted")],
    ["a member of a team with verb get", user("somebody", "system:authenticated", "loft:team:infra")],
    ["a privileged user", user("admin", "system:masters")],
  ])("is not warned: %s", (_, facts) => {
    expect(asked("validate", "NodeClaim", CLOSED, facts)).toMatchObject({ errors: [], warnings: [] });
  });

  it.each<[string, RequestFacts]>([
    ["another user", user("stranger")],
    ["a user with the name of the team", user("infra")],
    ["a member of a group with the name of the team, without its prefix", user("somebody", "infra")],
    ["a member of a team with the name of the owner", user("somebody", "loft:team:owner")],
    ["a member of another team", user("somebody", "loft:team:infra-2", "x-loft:team:infra")],
  ])("is warned: %s", (_, facts) => {
    const name = facts.user?.name ?? "";
    expect(asked("validate", "NodeClaim", CLOSED, facts)).toMatchObject({
      errors: [],
      warnings: [
        `${FIELD}: "closed": Closed: user "${name}" neither owns the image nor is granted get or * by its spec.access; ask its owner, or use another image`,
      ],
    });
  });

  it("is not warned of an image without access rules", () => {
    expect(asked("validate", "NodeClaim", OPEN, user("stranger")).warnings).toEqual([]);
  });

  it("is not warned of an image that is granted to all users", () => {
    const images = [osImage("closed", "Closed", { access: { users: ["owner", "*"], teams: [] } })];
    expect(asked("validate", "NodeClaim", CLOSED, { ...user("stranger"), images }).warnings).toEqual([]);
  });

  it("is a member of a team by the configured prefix of groups", () => {
    const facts = user("somebody", "oidc:infra", "loft:team:other");
    expect(asked("validate", "NodeClaim", CLOSED, { ...facts, teamGroupPrefix: "oidc:" }).warnings).toEqual([]);
    expect(asked("validate", "NodeClaim", CLOSED, facts).warnings).toHaveLength(1);
  });

  it("is not warned again of an unchanged reference", () => {
    const facts = { ...user("stranger"), oldObject: { ...CLOSED } };
    expect(asked("validate", "NodeClaim", CLOSED, facts).warnings).toEqual([]);
    expect(asked("validate", "NodeClaim", CLOSED, { ...facts, oldObject: { ...OPEN } }).warnings).toHaveLength(1);
  });

  it("is warned at /validate only, so that the warning appears once", () => {
    expect(asked("mutate", "NodeClaim", CLOSED, user("stranger")).warnings).toEqual([]);
  });

  it("is refused with access=deny", () => {
    const levels = { ...DEFAULT_LEVELS, access: "deny" } as const;
    const { errors } = asked("validate", "NodeClaim", CLOSED, { ...user("stranger"), levels });
    expect(errors.map(errorMessage)).toEqual([expect.stringMatching(/^Forbidden: "closed": Closed: user "stranger"/)]);
  });
});
