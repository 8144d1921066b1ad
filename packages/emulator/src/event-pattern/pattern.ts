/** What an event must be like: every field as its pattern says, and one of each group of alternatives. */
export interface EventPattern {
  readonly kind: "pattern";
  readonly fields: ReadonlyMap<string, FieldPattern>;
  /** The patterns of each `$or`. */
  readonly alternatives: readonly (readonly EventPattern[])[];
}

/** A field that holds other fields, or one that has a value. */
export type FieldPattern =
  | EventPattern
  | { readonly kind: "values"; readonly tests: readonly ValueTest[] };

/** One entry in the list of what a field may be. */
export type ValueTest =
  | { readonly kind: "equals"; readonly value: Scalar }
  | { readonly kind: "exists"; readonly isPresent: boolean }
  | { readonly kind: "numeric"; readonly bounds: readonly NumericBound[] }
  | { readonly kind: "cidr"; readonly contains: (address: string) => boolean }
  | { readonly kind: "anything-but"; readonly tests: readonly ValueTest[] }
  | TextTest;

/** A test that only texts can pass. */
export interface TextTest {
  readonly kind: "prefix" | "suffix" | "equals-ignore-case" | "wildcard";
  readonly text: string;
  /** Only of `prefix` and `suffix`: upper and lower case are the same. */
  readonly ignoresCase?: boolean;
}

export type Scalar = string | number | boolean | null;

/** One side of a range of numbers. */
export interface NumericBound {
  readonly operator: NumericOperator;
  readonly limit: number;
}

export type NumericOperator = "=" | "<" | "<=" | ">" | ">=";

/** What a text that is no pattern is answered with. */
export interface PatternRefusal {
  readonly kind: "refused";
  /** A sentence without its full stop, as EventBridge words it after `Event pattern is not valid. Reason: `. */
  readonly reason: string;
}
