import type { Arbitrary } from 'fast-check';
import { UserError } from '../../src/errors.ts';

/** What is fuzzed: a parser, or several that read the same bytes. */
export interface Target {
  readonly name: string;
  /** Its part of all cases, as a weight. */
  readonly share: number;
  /** Makes the inputs that cases start from. */
  prepare(folder: string): Promise<Prepared>;
}

/** A target that is ready. */
export interface Prepared {
  readonly cases: Arbitrary<unknown>;
  /** Throws for whatever a parser may not do with a case. */
  check(input: unknown): void | Promise<void>;
  end?(): Promise<void>;
}

/** Ties what a target's cases are to what is done with them. */
export function prepared<Case>(
  cases: Arbitrary<Case>,
  check: (input: Case) => void | Promise<void>,
  end?: () => Promise<void>,
): Prepared {
  return { cases, check, ...(end && { end }) };
}

/** A class of errors. */
type ErrorClass = abstract new (...args: never[]) => Error;

/**
 * What is returned, or undefined for an error that the parser is documented to throw; others come through.
 *
 * @param classes their classes. `Error` stands for itself alone: a TypeError or a RangeError is a crash.
 */
export function outcomeOf<Result>(act: () => Result, ...classes: readonly ErrorClass[]): Result | undefined {
  try {
    return act();
  } catch (error) {
    expectDocumented(error, classes);
    return undefined;
  }
}

/** The same of what takes its time. */
export async function settled<Result>(
  act: () => Promise<Result>,
  ...classes: readonly ErrorClass[]
): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    expectDocumented(error, classes);
    return undefined;
  }
}

const MESSAGE_MAX = 2000;

function expectDocumented(error: unknown, classes: readonly ErrorClass[]): void {
  if (!(error instanceof Error)) throw new Error(`threw what is no error: ${String(error)}`);
  const known = classes.some((one) => (one === Error ? error.constructor === Error : error instanceof one));
  if (!known) throw error;
  if (error.message.length > MESSAGE_MAX) throw new Error(`message of ${error.message.length} characters`);
  if (!(error instanceof UserError)) return;
  if (/\p{Cc}/u.test(error.message)) throw new Error(`message with control characters: ${error.message}`);
  if (!/\S/.test(error.message) || !/\S/.test(error.remedy)) throw new Error('no message, or no remedy');
}

/** @throws unless `holds`. */
export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
