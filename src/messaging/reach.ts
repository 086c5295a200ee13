/**
 * Whether a number may be written to: the longest entry that it begins with decides, and one that begins with `-`
 * excludes. With `null` every number is reached, with a list none that no entry names.
 */
export function reachesCountry(countries: readonly string[] | null, to: string): boolean {
  if (countries === null) return true
  const matching = countries.filter((entry) => to.startsWith(prefixOf(entry)))
  const longest = Math.max(...matching.map((entry) => prefixOf(entry).length))
  const deciding = matching.filter((entry) => prefixOf(entry).length === longest)
  return deciding.length > 0 && !deciding.some(isExclusion)
}

function isExclusion(entry: string): boolean {
  return entry.startsWith('-')
}

function prefixOf(entry: string): string {
  return isExclusion(entry) ? entry.slice(1) : entry
}
