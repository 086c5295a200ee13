// Nearly every body has neither word nor an escape that could spell one, and is not walked.
const SUSPECT = /__proto__|constructor|\\u/

/**
 * Whether a parsed body has `__proto__` or `constructor` as a key, at any depth: nothing of ours is called so, and
 * whoever sends it reaches for a prototype. `text` is what the body was parsed from.
 */
export function hasForbiddenKey(body: unknown, text: string): boolean {
  if (!SUSPECT.test(text)) return false
  // A list instead of a recursion: a body within its limit can be nested deeper than the stack is.
  const waiting: unknown[] = [body]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor')) return true
    for (const inner of Object.values(value)) waiting.push(inner)
  }
  return false
}
