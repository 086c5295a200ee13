/** Whether a number begins with one of the prefixes; with `null` every number is reached. */
export function reachesCountry(countries: readonly string[] | null, to: string): boolean {
  return countries === null || countries.some((prefix) => to.startsWith(prefix))
}
