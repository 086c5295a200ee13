import type { ChannelConfig, Config } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import { type KeyValueStore, KeyValueUnavailable } from '../../kv/kv.ts'
import { openKeyValueStore } from '../../kv/open.ts'
import { CommandRefused, runConfigured } from '../command.ts'
import { openAccount } from './account.ts'
import { type SimPlatform, sandboxPlatform, signedPlatform } from './platform.ts'
import { beginPlay } from './play.ts'
import { openServer } from './server.ts'
import { STORIES } from './stories.ts'

export interface SimOptions {
  readonly url: string
  readonly instance?: string
}

const TYPES = ['sandbox', 'signed'] as const
const EXIT_RIGHT = 0
const EXIT_WRONG = 1
const EXIT_USAGE = 2

/** Says what can be played. */
export function listStories(): void {
  const width = Math.max(...Object.keys(STORIES).map((name) => name.length))
  const lines = Object.entries(STORIES).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  const head = ['npm run sim -- <type> <story>', `types: ${TYPES.join(', ')}`, 'stories (or `all`):']
  print([...head, ...lines].join('\n'))
}

/** Plays a story of a platform, or all, and says for each whether the server did right. */
export async function simulate(wanted: { type: string; story: string }, options: SimOptions): Promise<void> {
  const type = TYPES.find((known) => known === wanted.type)
  const names = wanted.story === 'all' ? Object.keys(STORIES) : [wanted.story]
  if (type === undefined || !names.every((name) => Object.hasOwn(STORIES, name))) {
    process.stderr.write(`There is no such ${type === undefined ? 'type' : 'story'}.\n`)
    listStories()
    process.exitCode = EXIT_USAGE
    return
  }
  await runConfigured({ refusedExitCode: EXIT_WRONG }, async (config) => {
    if (config.env !== 'local') throw new CommandRefused('players are made up only in ENV=local: nothing was played')
    const channel = channelOf(config, { type, instance: options.instance })
    const app = config.apps.find(({ appId }) => appId === channel.appId)
    if (!app) throw new CommandRefused(`APPS does not have ${channel.appId}`)
    const server = openServer(options.url)
    const platform = await platformOf(config, channel)
    let wrong = 0
    for (const name of names) {
      print(`${name}: ${STORIES[name]?.about} (${channel.instance} at ${server.url})`)
      const account = openAccount(print)
      const play = await beginPlay({ server, platform, app, account, clock: systemClock })
      await STORIES[name]?.play(play)
      if (!account.isRight()) wrong += 1
      print(account.isRight() ? 'right' : 'wrong')
    }
    if (names.length > 1) print(`${names.length} stories: ${names.length - wrong} right, ${wrong} wrong`)
    return wrong === 0 ? EXIT_RIGHT : EXIT_WRONG
  })
}

function channelOf(config: Config, wanted: { type: string; instance: string | undefined }): ChannelConfig {
  const ofType = config.channels.filter(({ type }) => type === wanted.type)
  const [only] = ofType
  const found = wanted.instance === undefined ? only : ofType.find(({ instance }) => instance === wanted.instance)
  if (found && (wanted.instance !== undefined || ofType.length === 1)) return found
  const names = ofType.map(({ instance }) => instance).join(', ')
  throw new CommandRefused(
    ofType.length === 0
      ? `CHANNELS has no channel of type ${wanted.type}; give this command the configuration of the server`
      : `say which channel by --instance: ${names}`,
  )
}

async function platformOf(config: Config, channel: ChannelConfig): Promise<SimPlatform> {
  const { instance } = channel
  if (channel.type === 'sandbox') return sandboxPlatform({ instance, secret: await sandboxSecret(config) })
  const [secret] = channel.secrets
  if (secret === undefined) throw new CommandRefused(`the channel ${instance} has no secret`)
  return signedPlatform({ instance, secret })
}

/** What the server has made at its first start, and keeps beside the sessions. */
async function sandboxSecret({ keyValue }: Config): Promise<string> {
  const kv: KeyValueStore = await openKeyValueStore(
    keyValue.kind === 'sqlite'
      ? { ...keyValue, clock: systemClock }
      : { kind: 'redis', prefix: keyValue.prefix, config: keyValue.sessions },
  )
  try {
    const secret = await kv.get('sandbox-secret')
    if (secret === null) throw new CommandRefused('the sandbox has no secret yet: start the server first')
    return secret
  } catch (error) {
    if (error instanceof KeyValueUnavailable) throw new CommandRefused(error.message)
    throw error
  } finally {
    await kv.close()
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
