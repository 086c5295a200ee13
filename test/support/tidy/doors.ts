import type { Import } from './imports.ts'
import type { Breach, Source } from './source.ts'

/** A feature may import only the index.ts of those to its left, so there are no cycles. */
export const FEATURE_ORDER: readonly string[] = [
  ...['outbox', 'apps', 'security', 'sessions', 'players', 'wallet', 'inbox', 'store'],
  ...['orders', 'invites', 'payments', 'reconciliation', 'daily-gift', 'account', 'privacy'],
]

interface Door {
  /** Which of our files this is about. */
  readonly from: RegExp
  /** What they may import; `=` before a pattern means: for its types only. */
  readonly may: readonly string[]
}

const FEATURE_DOORS = ['src/features/[^/]+/index.ts', 'src/features/[^/]+/(?:[a-z-]+-)?routes.ts']

/** The floor plan's doors. The first line whose `from` fits a file decides; a file that none fits is not on the plan. */
const DOORS: readonly Door[] = [
  // main.ts only asks for a fitting Node, so that start.ts and all behind it may use one.
  {
    from: /^src\/(?:main|start)\.ts$/,
    may: ['src/(?:start|workers|compose|version).ts', 'src/(?:config|kernel)/.*', 'src/http/logger.ts'],
  },
  { from: /^src\/(?:version|workers)\.ts$/, may: [] },
  { from: /^src\/compose(?:-[a-z]+)?\.ts$/, may: ['src/(?!main.ts|start.ts|cli/).*'] },
  { from: /^src\/kernel\//, may: ['src/kernel/.*'] },
  {
    from: /^src\/config\//,
    may: [
      'src/config/.*',
      'src/kernel/.*',
      '=src/kv/redis-config.ts',
      '=src/(?:messaging|identity-providers)/settings.ts',
    ],
  },
  { from: /^src\/db\//, may: ['src/db/.*', 'src/kernel/.*'] },
  { from: /^src\/kv\//, may: ['src/kv/.*', 'src/kernel/.*'] },
  // The local mailbox keeps its messages in a store that it is handed.
  { from: /^src\/messaging\//, may: ['src/messaging/.*', 'src/kernel/.*', '=src/kv/kv.ts'] },
  {
    from: /^src\/http\/routes\.ts$/,
    may: [...FEATURE_DOORS, 'src/(http|db|kernel|console|shop|test-routes)/.*', 'src/kv/kv.ts'],
  },
  { from: /^src\/http\//, may: ['src/http/(?!routes.ts).*', 'src/(kernel|db|kv)/.*', '=src/config/.*'] },
  {
    from: /^src\/channels\/registry\.ts$/,
    may: ['src/channels/[^/]+/index.ts', 'src/channels/channel.ts', 'src/kernel/.*'],
  },
  {
    from: /^src\/channels\/(?:channel|facts|platform-answer|timestamped-signature|platform-call|item-of-sku|read-body|report-rows)(?:\.test)?\.ts$/,
    may: [
      'src/kernel/.*',
      '=src/channels/platform-answer.ts',
      'src/channels/(?:facts|timestamped-signature|platform-call|item-of-sku|read-body|report-rows).ts',
    ],
  },
  {
    from: /^src\/channels\/[^/]+\//,
    may: [
      'src/channels/(?:channel|timestamped-signature|platform-call|item-of-sku|read-body|report-rows).ts',
      'src/kernel/.*',
    ],
  },
  // Like channels: each knows its platform and nothing else of ours. A cache is handed to it.
  { from: /^src\/identity-providers\//, may: ['src/identity-providers/.*', 'src/kernel/.*', '=src/kv/kv.ts'] },
  {
    // A key-value store and messengers are handed to a feature, which knows their interfaces and not what stands behind.
    from: /^src\/features\/[^/]+\//,
    may: [
      ...['src/(kernel|db)/(?!dialects/).*', 'src/http/(?!routes.ts).*', 'src/kv/(?:kv|take-turn).ts'],
      ...['=src/channels/channel.ts', '=src/messaging/messenger.ts'],
      'src/identity-providers/identity-provider.ts',
    ],
  },
  // A platform that is played here: its pages and its memory. Its messages come in by the door of every platform.
  {
    from: /^src\/sandbox\//,
    may: ['src/(kernel|http)/(?!routes.ts).*', 'src/kv/kv.ts', 'src/channels/sandbox/index.ts'],
  },
  {
    from: /^src\/(jobs|console|shop|test-routes)\//,
    may: [...FEATURE_DOORS, 'src/(kernel|db|kv|http)/.*', '=src/messaging/mailbox.ts'],
  },
  {
    // Plays platforms against a running server, and signs as they do.
    from: /^src\/cli\/sim\//,
    may: ['src/channels/[^/]+/index.ts', 'src/channels/item-of-sku.ts', 'src/(cli|kernel|config|kv)/.*'],
  },
  {
    from: /^src\/cli\//,
    may: ['src/features/[^/]+/index.ts', 'src/(cli|kernel|config|db|kv)/.*', 'src/(?:compose|version).ts'],
  },
]

// Folders of one concern whose files may import each other, and nothing of a neighbour's.
const OWN_ROOM = /^src\/(?:features\/[^/]+|channels\/[^/]+|jobs|console|shop|sandbox|test-routes)\//

export function doorBreaches(source: Source): Breach[] {
  const breaches: Breach[] = []
  const breach = (line: number, message: string): void => {
    breaches.push({ rule: 'door', path: source.path, line, message })
  }
  for (const line of source.imports.unreadableLines) breach(line, 'an import must name its file in plain text')
  const door = DOORS.find(({ from }) => from.test(source.path))
  if (source.path.startsWith('src/') && door === undefined) {
    breach(1, 'this place is not on the floor plan; DOORS says which places there are')
  }
  for (const taken of source.imports.imports) {
    const message = importFault(source, taken, door)
    if (message !== null) breach(taken.line, message)
  }
  return breaches
}

function importFault(source: Source, taken: Import, door: Door | undefined): string | null {
  const { target } = taken
  if (target === null) return null
  const guarded = guardedFault(source, target)
  if (guarded !== null || !source.path.startsWith('src/')) return guarded
  if (!target.startsWith('src/')) return outsideFault(source, target)
  const featureFault = earlierFeatureFault(source.path, target)
  if (featureFault !== undefined) return featureFault
  const room = OWN_ROOM.exec(source.path)?.[0]
  if (room !== undefined && target.startsWith(room)) return null
  if (door === undefined || opens(door, { target, typeOnly: false })) return null
  if (opens(door, { target, typeOnly: true })) {
    return taken.typeOnly ? null : `${target} may be imported for its types only (import type)`
  }
  return `${placeOf(source.path)} may not import ${target}`
}

function opens({ may }: Door, { target, typeOnly }: { target: string; typeOnly: boolean }): boolean {
  return may.some((pattern) => {
    if (pattern.startsWith('=') !== typeOnly) return false
    return new RegExp(`^${pattern.replace('=', '')}$`).test(target)
  })
}

/** What holds for every file of the repository, its tests included. */
function guardedFault({ path }: Source, target: string): string | null {
  if (target === 'src/main.ts') return 'src/main.ts is where the process starts; nothing imports it'
  if (target === 'src/start.ts' && path !== 'src/main.ts') return 'src/start.ts is imported only by main.ts'
  const composes =
    /^src\/(?:main|start)\.ts$/.test(path) || path.startsWith('src/cli/') || path.startsWith('test/support/')
  if (/^src\/compose-[a-z]+\.ts$/.test(target) && path !== 'src/compose.ts') {
    return `${target} is a part of compose.ts and imported only by it`
  }
  if (target === 'src/compose.ts' && !composes) {
    return 'src/compose.ts is imported only by start.ts, cli/ and test/support/'
  }
  return null
}

function outsideFault({ path, isTest }: Source, target: string): string | null {
  if (target.endsWith('.json')) return null
  if (isTest && target.startsWith('test/support/')) return null
  return `${placeOf(path)} may not import ${target}: src/ needs nothing outside itself`
}

/** Null: a feature's import of an earlier one's index. Undefined: neither, so the other doors decide. */
function earlierFeatureFault(path: string, target: string): string | null | undefined {
  const own = featureOf(path)
  const other = featureOf(target)
  if (own === null) return undefined
  const ownRank = FEATURE_ORDER.indexOf(own)
  if (ownRank === -1) return `the feature ${own} has no place in FEATURE_ORDER`
  if (other === null || other === own) return undefined
  const otherRank = FEATURE_ORDER.indexOf(other)
  if (otherRank === -1) return `the feature ${other} has no place in FEATURE_ORDER`
  if (otherRank > ownRank) return `${own} stands before ${other} in FEATURE_ORDER and may not import it`
  return target === `src/features/${other}/index.ts` ? null : `only ${other}/index.ts is open to other features`
}

export function featureOf(path: string): string | null {
  return /^src\/features\/([^/]+)\//.exec(path)?.[1] ?? null
}

function placeOf(path: string): string {
  return /^src\/(?:(?:features|channels)\/)?[^/]+/.exec(path)?.[0] ?? path
}

/** A test beside its file stays small: it imports that file, and no road leads from it to the composed app. */
export function bootBreaches(sources: readonly Source[]): Breach[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const reachesApp = (path: string, seen: Set<string>): boolean => {
    if (path === 'src/compose.ts' || path === 'src/main.ts') return true
    if (seen.has(path)) return false
    seen.add(path)
    const targets = byPath.get(path)?.imports.imports ?? []
    return targets.some(({ target, typeOnly }) => target !== null && !typeOnly && reachesApp(target, seen))
  }
  const breaches: Breach[] = []
  for (const { path, imports, isTest } of sources) {
    if (!isTest || path.startsWith('test/')) continue
    const breach = (line: number, message: string): void => {
      breaches.push({ rule: 'test-place', path, line, message })
    }
    if (!path.startsWith('src/'))
      breach(1, 'a test stands beside its file in src/ or under test/; there is no third place')
    else if (!imports.imports.some(({ specifier }) => specifier.startsWith('./'))) {
      breach(1, 'a test in src/ stands beside the file that it imports; others belong under test/')
    }
    for (const { target, line } of imports.imports) {
      if (target !== null && reachesApp(target, new Set()))
        breach(line, 'a test that boots the app belongs under test/')
    }
  }
  return breaches
}
