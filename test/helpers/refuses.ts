import { expect } from 'vitest';
import { UserError } from '../../src/errors.ts';

/** Expects a usage error whose message matches, with a remedy. */
export async function refuses(act: () => unknown, message: RegExp): Promise<void> {
  const error: unknown = await (async () => act())().then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(message) as string });
  expect((error as UserError).remedy).toMatch(/\.$/);
}
