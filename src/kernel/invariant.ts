/** A fact that our own code promised and broke: always a bug, never a refusal. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/**
 * States what must be true here. A failed invariant stops the work (the transaction rolls back, the caller gets a
 * retryable 5xx); it is never logged and passed over.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** The end of an exhaustive switch: it does not compile while a case is missing. */
export function unreachable(value: never, what: string): never {
  throw new InvariantError(`unexpected ${what}: ${JSON.stringify(value)}`)
}
