import { isSign } from './imports.ts'
import type { Breach, Source } from './source.ts'
import type { Token } from './tokens.ts'

/** A rule about what stands in a file. `where` says which files it reads; it answers for each token that breaks it. */
interface TokenRule {
  readonly rule: string
  readonly message: string
  readonly where: (source: Source) => boolean
  readonly breaks: (tokens: readonly Token[], at: number) => boolean
}

const DRAWERS = /(?:^|[/.-])(?:utils?|helpers?|common|managers?|misc)(?=[/.-]|$)/
const KEBAB_PATH = /^(?:\.?[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.d|\.config)?\.tsx?$/
const BUILDER_CALLS = new Set(['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'replaceInto', 'mergeInto'])
const SQL_NOW =
  /(?<![.\w])(?:now|sysdate|curdate|curtime|unix_timestamp|unixepoch)\s*\(\s*\)|\b(?:current_(?:timestamp|date|time)|localtime(?:stamp)?|utc_timestamp)\b|\((?:[^()]*,)?\s*'now'/i
const ENGINE_CODE = /\b(?:ER_[A-Z][A-Z_]+|SQLITE_[A-Z][A-Z_]+)/

const inService = ({ path, isTest }: Source): boolean => path.startsWith('src/') && !isTest
const outside =
  (...places: string[]) =>
  (source: Source): boolean =>
    inService(source) && !places.some((place) => source.path.startsWith(place))
const word = (token: Token | undefined, ...texts: string[]): boolean =>
  token?.kind === 'word' && texts.includes(token.text)
const written = (token: Token | undefined): boolean => token?.kind === 'string' || token?.kind === 'template'

export const TOKEN_RULES: readonly TokenRule[] = [
  {
    rule: 'clock',
    message: 'the clock is passed in: only kernel/clock.ts reads the time',
    where: outside('src/kernel/clock.ts'),
    breaks: readsClock,
  },
  {
    rule: 'sql-clock',
    message: 'SQL never reads the time: bind a time that came from the clock',
    where: inService,
    breaks: (tokens, at) => written(tokens[at]) && SQL_NOW.test(tokens[at]?.text ?? ''),
  },
  {
    rule: 'random',
    message: 'Math.random can be guessed: use node:crypto',
    where: inService,
    breaks: (tokens, at) => word(tokens[at], 'Math') && word(tokens[at + 2], 'random'),
  },
  {
    rule: 'environment',
    message: 'only config/load.ts reads process.env',
    where: outside('src/config/load.ts'),
    breaks: readsEnvironment,
  },
  {
    rule: 'float',
    message: 'money is never a float: kernel/money.ts reads amounts exactly',
    where: inService,
    breaks: (tokens, at) => word(tokens[at], 'parseFloat'),
  },
  {
    rule: 'engine',
    message: 'only db/dialects (and kv, for its own file) knows which database answers',
    where: outside('src/db/dialects/', 'src/kv/'),
    breaks: (tokens, at) =>
      ['string', 'template', 'word'].includes(tokens[at]?.kind ?? '') && ENGINE_CODE.test(tokens[at]?.text ?? ''),
  },
  {
    rule: 'optional-tx',
    message: 'Tx is never optional: a query on the pool inside a SQLite transaction waits for itself for ever',
    where: ({ path }) => path.startsWith('src/'),
    breaks: optionalTx,
  },
  {
    rule: 'query-place',
    message: 'SQL lives in queries.ts, src/db and src/cli',
    where: (source) => outside('src/db/', 'src/cli/')(source) && !/(?:\/|-)queries\.ts$/.test(source.path),
    breaks: (tokens, at) =>
      (isSign(tokens[at - 1], '.') && tokens[at]?.kind === 'word' && BUILDER_CALLS.has(tokens[at]?.text ?? '')) ||
      (word(tokens[at], 'sql') && tokens[at + 1]?.kind === 'template'),
  },
  {
    rule: 'default-export',
    message: 'named exports only',
    where: ({ path }) => !path.endsWith('.config.ts'),
    breaks: (tokens, at) =>
      (word(tokens[at], 'export') && word(tokens[at + 1], 'default')) ||
      (word(tokens[at], 'as') && word(tokens[at + 1], 'default') && isSign(tokens[at + 2], '}')),
  },
  {
    rule: 'proof',
    message: 'only a channel states that something is proven',
    where: outside('src/channels/'),
    breaks: (tokens, at) => word(tokens[at], 'as') && word(tokens[at + 1], 'VerifiedPayment', 'VerifiedFailure'),
  },
  {
    rule: 'proof',
    message: 'an event of Stripe is verified before it is read',
    where: ({ path }) => path.startsWith('src/'),
    breaks: (tokens, at) => word(tokens[at], 'constructEventWithoutVerification'),
  },
]

function readsClock(tokens: readonly Token[], at: number): boolean {
  const [token, next, after] = [tokens[at], tokens[at + 1], tokens[at + 2]]
  if (isSign(tokens[at - 1], '.') && !word(token, 'hrtime')) return false
  if (word(token, 'Date')) {
    const isMade = word(tokens[at - 1], 'new')
    const hasNoArgument = !isSign(next, '(') || isSign(after, ')')
    // `Date()` without `new` is the time as text; a bare `Date` elsewhere is a type.
    return (
      (isSign(next, '.') && word(after, 'now')) || (isMade ? hasNoArgument : isSign(next, '(') && isSign(after, ')'))
    )
  }
  if (word(token, 'performance')) return isSign(next, '.')
  return (
    word(token, 'hrtime') ||
    (word(token, 'Temporal') && word(after, 'Now')) ||
    (token?.kind === 'string' && token.text === 'node:perf_hooks')
  )
}

function readsEnvironment(tokens: readonly Token[], at: number): boolean {
  if (!word(tokens[at], 'process'))
    return word(tokens[at], 'env') && importsFrom(tokens, { at, module: 'node:process' })
  const next = tokens[at + 1]
  if (isSign(next, '.') || isSign(next, '?.')) return word(tokens[at + 2], 'env')
  if (isSign(next, '[')) return tokens[at + 2]?.text === 'env'
  // `const { env } = process`
  const isTaken = isSign(tokens[at - 1], '=') && isSign(tokens[at - 2], '}')
  return isTaken && tokens.slice(Math.max(0, at - 12), at).some((token) => word(token, 'env'))
}

function importsFrom(tokens: readonly Token[], { at, module }: { at: number; module: string }): boolean {
  const close = tokens.findIndex((token, index) => index > at && isSign(token, '}'))
  return close !== -1 && word(tokens[close + 1], 'from') && tokens[close + 2]?.text === module
}

function optionalTx(tokens: readonly Token[], at: number): boolean {
  const [before, token, next, after] = [tokens[at - 1], tokens[at], tokens[at + 1], tokens[at + 2]]
  const isOptional = isSign(next, '?') && isSign(after, ':')
  if (word(token, 'tx', 'trx') && isOptional) return true
  if (!word(token, 'Tx')) return false
  const nothing = (other: Token | undefined): boolean => word(other, 'undefined', 'null')
  if (isSign(before, ':') && isSign(tokens[at - 2], '?')) return true
  if (isSign(next, '|') && nothing(after)) return true
  if (isSign(before, '|') && nothing(tokens[at - 2])) return true
  return isSign(before, ':') && isSign(next, '=')
}

export function tokenBreaches(source: Source): Breach[] {
  const breaches: Breach[] = []
  for (const { rule, message, where, breaks } of TOKEN_RULES) {
    if (!where(source)) continue
    source.tokens.forEach((token, at) => {
      if (breaks(source.tokens, at)) breaches.push({ rule, path: source.path, line: token.line, message })
    })
  }
  return breaches
}

export function nameBreaches({ path }: Source): Breach[] {
  const breaches: Breach[] = []
  if (!KEBAB_PATH.test(path))
    breaches.push({ rule: 'kebab-case', path, line: 1, message: 'files and folders are kebab-case' })
  if (DRAWERS.test(path)) {
    breaches.push({ rule: 'drawer', path, line: 1, message: 'no drawers: name the file after what it does' })
  }
  return breaches
}

/** Rules about what a file may import beside our own files, by the part that its name gives it. */
interface ImportRule {
  readonly rule: string
  readonly message: string
  readonly where: (source: Source) => boolean
  /** Names of packages, or paths of ours. */
  readonly not: RegExp
  readonly typesAllowed?: RegExp
}

export const IMPORT_RULES: readonly ImportRule[] = [
  {
    rule: 'engine',
    message: 'only db/dialects knows which database answers',
    where: outside('src/db/dialects/'),
    not: /^mysql2(?:\/|$)/,
  },
  {
    rule: 'engine',
    message: 'only db/dialects and kv open a SQLite file',
    where: outside('src/db/dialects/', 'src/kv/'),
    not: /^(?:better-sqlite3|node:sqlite)(?:\/|$)/,
  },
  { rule: 'engine', message: 'only kv knows Redis', where: outside('src/kv/'), not: /^ioredis(?:\/|$)/ },
  {
    rule: 'pure-rules',
    message: 'rules.ts decides on plain data: no database, no HTTP, no store (types of rows are plain data)',
    where: ({ path, isTest }) => /(?:\/|-)rules\.ts$/.test(path) && !isTest && path.startsWith('src/features/'),
    not: /^(?:src\/(?:db|http|kv)\/|kysely|fastify|node:(?:fs|net|http|https)|.*\/(?:[^/]*-)?queries\.ts$)/,
    typesAllowed: /^src\/db\/schema\.ts$/,
  },
  {
    rule: 'http-place',
    message: 'of a feature only routes.ts knows HTTP',
    where: (source) =>
      inService(source) && source.path.startsWith('src/features/') && !/(?:\/|-)routes\.ts$/.test(source.path),
    not: /^(?:src\/http\/|fastify(?:$|\/)|@fastify\/)/,
  },
  {
    rule: 'query-place',
    message: 'routes.ts calls a use case and never a query',
    where: ({ path, isTest }) => /(?:\/|-)routes\.ts$/.test(path) && !isTest && path.startsWith('src/'),
    not: /(?:\/|-)queries\.ts$/,
  },
]

export function importRuleBreaches(source: Source): Breach[] {
  const breaches: Breach[] = []
  for (const { rule, message, where, not, typesAllowed } of IMPORT_RULES) {
    if (!where(source)) continue
    for (const { specifier, target, typeOnly, line } of source.imports.imports) {
      const name = target ?? specifier
      if (!not.test(name) || (typeOnly && typesAllowed?.test(name))) continue
      breaches.push({ rule, path: source.path, line, message: `${message}: ${name}` })
    }
  }
  return breaches
}
