import type { Members } from "../scheduler/constraints.ts";

/** An event bus. */
export interface BusRecord {
  readonly name: string;
  readonly description?: string;
  readonly createdMs: number;
  readonly tags: readonly Tag[];
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** A rule with its targets; members that are absent were not given. */
export interface RuleRecord {
  readonly name: string;
  readonly busName: string;
  readonly state: string;
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  readonly description?: string;
  readonly roleArn?: string;
  /** When it came to be, or its schedule changed: rates count from there. */
  readonly scheduledSinceMs: number;
  readonly targets: readonly TargetRecord[];
  readonly tags: readonly Tag[];
}

/** A target as PutTargets got it; what is not emulated of it was refused. */
export interface TargetRecord extends Members {
  readonly Id: string;
  readonly Arn: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: InputTransformer;
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: {
    readonly MaximumRetryAttempts?: number;
    readonly MaximumEventAgeInSeconds?: number;
  };
}

export interface InputTransformer {
  readonly InputPathsMap?: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

/** Key of a rule among all rules; a name has no line feed. */
export function ruleKey({ busName, name }: { busName: string; name: string }): string {
  return `${busName}\n${name}`;
}
