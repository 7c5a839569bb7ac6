/**
 * Random messages, derived from the schemas: a new command or member is covered the moment it is in the table.
 *
 * @module
 */

import fc from "fast-check";
import type * as v from "valibot";

/** A message as its sender may write it, and as its receiver must see it: with the defaults filled in. */
export interface Sample {
  /** What is encoded. */
  sent: unknown;
  /** What must come out. */
  seen: unknown;
}

/** The parts of valibot's schemas that this module looks at. */
interface Schema {
  readonly type: string;
  readonly entries?: Record<string, Schema>;
  readonly options?: readonly unknown[];
  readonly item?: Schema;
  readonly wrapped?: Schema;
  readonly default?: unknown;
  readonly pipe?: readonly { readonly kind: string; readonly type: string; readonly requirement?: unknown }[];
}

/**
 * Random values that fit a schema.
 *
 * @param schema one of protocol/messages.ts
 * @throws {Error} for a kind of schema that it has not been taught yet
 */
export function fitting(schema: v.GenericSchema): fc.Arbitrary<Sample> {
  return build(schema as unknown as Schema);
}

const KNOWN_RULES = ["finite", "max_length", "max_value", "min_value", "regex", "safe_integer"];

function build(schema: Schema): fc.Arbitrary<Sample> {
  const strange = schema.pipe?.find(({ kind, type }) => kind !== "schema" && !KNOWN_RULES.includes(type));
  if (strange) throw new Error(`no arbitrary for the rule ${strange.type} yet: add it to ${import.meta.url}`);
  switch (schema.type) {
    case "object":
      return object(schema.entries!);
    case "array":
      return fc.array(build(schema.item!)).map((items) => ({
        sent: items.map(({ sent }) => sent),
        seen: items.map(({ seen }) => seen),
      }));
    case "picklist":
      return plain(fc.constantFrom(...schema.options!));
    case "boolean":
      return plain(fc.boolean());
    case "string":
      return plain(text(schema));
    case "number":
      return plain(number(schema));
    default:
      throw new Error(`no arbitrary for a schema of type ${schema.type} yet: add it to ${import.meta.url}`);
  }
}

function plain(values: fc.Arbitrary<unknown>): fc.Arbitrary<Sample> {
  return values.map((value) => ({ sent: value, seen: value }));
}

/** Optional members are left out half of the time; what the receiver sees then is their default, if they have one. */
function object(entries: Record<string, Schema>): fc.Arbitrary<Sample> {
  const members = Object.entries(entries).map(([name, schema]) => {
    const value = build(schema.type === "optional" ? schema.wrapped! : schema);
    return (schema.type === "optional" ? fc.option(value, { nil: undefined }) : value).map((sample) => {
      if (sample) return { sent: [[name, sample.sent]], seen: [[name, sample.seen]] };
      return { sent: [], seen: schema.default === undefined ? [] : [[name, schema.default]] };
    });
  });
  return fc.tuple(...members).map((samples) => ({
    sent: Object.fromEntries(samples.flatMap(({ sent }) => sent)),
    seen: Object.fromEntries(samples.flatMap(({ seen }) => seen)),
  }));
}

/** Any text, half surrogate pairs included, within what the pipe asks for. */
function text(schema: Schema): fc.Arbitrary<string> {
  const regex = rule(schema, "regex") as RegExp | undefined;
  if (regex) return fc.stringMatching(regex);
  const maxLength = rule(schema, "max_length") as number | undefined;
  return fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.constant("\ud800"),
    fc.constant("/a"),
  )
    .map((value) => value.slice(0, maxLength));
}

function number(schema: Schema): fc.Arbitrary<number> {
  const min = rule(schema, "min_value") as number | undefined;
  const max = rule(schema, "max_value") as number | undefined;
  if (rule(schema, "safe_integer")) {
    return fc.integer({ min: min ?? Number.MIN_SAFE_INTEGER, max: max ?? Number.MAX_SAFE_INTEGER });
  }
  // JSON has no negative zero, and none of our numbers needs one.
  return fc.double({ noNaN: true, noDefaultInfinity: true, min, max }).map((value) => value === 0 ? 0 : value);
}

function rule(schema: Schema, type: string): unknown {
  return schema.pipe?.find((step) => step.kind === "validation" && step.type === type)?.requirement;
}
