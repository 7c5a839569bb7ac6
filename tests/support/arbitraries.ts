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
  readonly pipe?: readonly Rule[];
}

interface Rule {
  readonly kind: string;
  readonly type: string;
  readonly requirement?: unknown;
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
  const strange = rules(schema).find(({ type }) => !KNOWN_RULES.includes(type));
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
  const [regex] = required<RegExp>(schema, "regex");
  if (regex) return fc.stringMatching(regex);
  const length = Math.min(...required<number>(schema, "max_length"), Infinity);
  return fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.constantFrom("\ud800", "/a"))
    .map((value) => value.slice(0, length));
}

function number(schema: Schema): fc.Arbitrary<number> {
  const whole = required(schema, "safe_integer").length > 0;
  const mins = required<number>(schema, "min_value");
  const maxs = required<number>(schema, "max_value");
  if (whole) {
    return fc.integer({
      min: Math.max(Number.MIN_SAFE_INTEGER, ...mins),
      max: Math.min(Number.MAX_SAFE_INTEGER, ...maxs),
    });
  }
  // JSON has no negative zero, and none of our numbers needs one.
  return fc.double({ noNaN: true, min: Math.max(-Number.MAX_VALUE, ...mins), max: Math.min(Number.MAX_VALUE, ...maxs) })
    .map((value) => value === 0 ? 0 : value);
}

/** The rules of a schema and of those that it was made from. */
function rules(schema: Schema): Rule[] {
  return (schema.pipe ?? []).flatMap((step, at) => {
    if (step.kind !== "schema") return [step];
    return at === 0 && "pipe" in step ? rules(step as unknown as Schema) : [];
  });
}

/** What the rules of one type ask for. */
function required<T>(schema: Schema, type: string): T[] {
  return rules(schema).filter((rule) => rule.type === type).map(({ requirement }) => requirement as T);
}
