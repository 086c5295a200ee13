/** A key-value store that can't be used as it is configured. The message says what is wrong and what to do. */
export class KeyValueOpenError extends Error {
  override readonly name = 'KeyValueOpenError'
}
