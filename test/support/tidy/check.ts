import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { bootBreaches, doorBreaches } from './doors.ts'
import { IMPORT_RULES, importRuleBreaches, nameBreaches, TOKEN_RULES, tokenBreaches } from './rules.ts'
import { type SizeException, sizeBreaches } from './sizes.ts'
import { type Breach, type Source, sourceOf } from './source.ts'

/** The names of all rules, so that a test can ask for a planted breach of each. */
export const RULE_NAMES: ReadonlySet<string> = new Set([
  ...['door', 'test-place', 'kebab-case', 'drawer', 'proof', 'file-length', 'function-length'],
  ...[...TOKEN_RULES, ...IMPORT_RULES].map(({ rule }) => rule),
])

/** Every broken rule in these files, in the order of the files. */
export function breachesIn(sources: readonly Source[], exceptions: readonly SizeException[]): Breach[] {
  const perFile = sources.flatMap((source) => [
    ...nameBreaches(source),
    ...doorBreaches(source),
    ...importRuleBreaches(source),
    ...channelProofBreaches(source),
    ...tokenBreaches(source),
  ])
  return [...perFile, ...bootBreaches(sources), ...sizeBreaches(sources, exceptions)].sort(
    (a, b) => a.path.localeCompare(b.path) || a.line - b.line,
  )
}

/** Outside `channels/`, channel.ts gives types only: its functions state a proof, and only a channel has one. */
function channelProofBreaches({ path, imports, isTest }: Source): Breach[] {
  if (!path.startsWith('src/') || path.startsWith('src/channels/') || isTest) return []
  return imports.imports
    .filter(({ target, typeOnly }) => /^src\/channels\/(?:channel|facts)\.ts$/.test(target ?? '') && !typeOnly)
    .map(({ line, names }) => {
      const message = `outside channels/, channel.ts is imported for its types only: ${names.join(', ')}`
      return { rule: 'proof', path, line, message }
    })
}

/** TypeScript of ours, wherever it lies; pages have a build and a linter of their own. */
export function readSources(root: string): Source[] {
  const paths = globSync('**/*.ts', { cwd: root, exclude: (name) => name === 'node_modules' || name.startsWith('.') })
  return paths
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !/^(?:web|clients|coverage|dist)\//.test(path) || path.endsWith('.test.ts'))
    .sort()
    .map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')))
}

export function describeBreaches(breaches: readonly Breach[]): string {
  return breaches.map(({ path, line, rule, message }) => `${path}:${line} [${rule}] ${message}`).join('\n')
}
