import type { ChannelConfig, Config } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import { CommandRefused, runConfigured } from '../command.ts'
import { openAccount } from './account.ts'
import type { ChannelType } from './platform.ts'
import { openPlatform, SIM_PLATFORMS, SIM_TYPES } from './platforms.ts'
import { beginPlay } from './play.ts'
import { openServer } from './server.ts'
import { STORIES, storiesOf } from './stories.ts'

export interface SimOptions {
  readonly url: string
  readonly instance?: string
}

const EXIT_RIGHT = 0
const EXIT_WRONG = 1
const EXIT_USAGE = 2

/** Says what can be played. */
export function listStories(): void {
  const width = Math.max(...Object.keys(STORIES).map((name) => name.length))
  const lines = Object.entries(STORIES).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  const head = ['npm run sim -- <type> <story>', `types: ${SIM_TYPES.join(', ')}`, 'stories (or `all`):']
  const missing = SIM_TYPES.flatMap((type) => leftOutOf(type) ?? [])
  print([...head, ...lines, ...missing].join('\n'))
}

/** Plays a story of a platform, or all that it can be played in, and says for each whether the server did right. */
export async function simulate(wanted: { type: string; story: string }, options: SimOptions): Promise<void> {
  const type = SIM_TYPES.find((known) => known === wanted.type)
  if (type === undefined || !(wanted.story === 'all' || Object.hasOwn(STORIES, wanted.story))) {
    process.stderr.write(`There is no such ${type === undefined ? 'type' : 'story'}.\n`)
    listStories()
    process.exitCode = EXIT_USAGE
    return
  }
  const { played, leftOut } = storiesOf(SIM_PLATFORMS[type]?.tells ?? [])
  const lacking = leftOut.get(wanted.story)
  if (lacking) {
    process.stderr.write(`${wanted.story} cannot be played: ${type} does not tell of ${lacking.join(', ')}.\n`)
    process.exitCode = EXIT_USAGE
    return
  }
  const names = wanted.story === 'all' ? played : [wanted.story]
  await runConfigured({ refusedExitCode: EXIT_WRONG }, async (config) => {
    const wrong = await playAll(config, { type, names, options })
    const missing = leftOutOf(type)
    if (wanted.story === 'all' && missing !== null) print(missing)
    if (names.length > 1) print(`${names.length} stories: ${names.length - wrong} right, ${wrong} wrong`)
    return wrong === 0 ? EXIT_RIGHT : EXIT_WRONG
  })
}

/** In a line, which stories a type is not played in, and why; null where it is played in all. */
function leftOutOf(type: ChannelType): string | null {
  const { leftOut } = storiesOf(SIM_PLATFORMS[type]?.tells ?? [])
  if (leftOut.size === 0) return null
  const stories = [...leftOut].map(([name, lacking]) => `${name} (${lacking.join(', ')})`)
  return `left out, as ${type} does not tell of what they need: ${stories.join('; ')}`
}

/** Gives how many of the stories the server did not do right in. */
async function playAll(
  config: Config,
  { type, names, options }: { type: ChannelType; names: readonly string[]; options: SimOptions },
): Promise<number> {
  if (config.env !== 'local') throw new CommandRefused('players are made up only in ENV=local: nothing was played')
  const channel = channelOf(config, { type, instance: options.instance })
  const app = config.apps.find(({ appId }) => appId === channel.appId)
  if (!app) throw new CommandRefused(`APPS does not have ${channel.appId}`)
  const server = openServer(options.url)
  const platform = await openPlatform(channel, config)
  let wrong = 0
  for (const name of names) {
    print(`${name}: ${STORIES[name]?.about} (${channel.instance} at ${server.url})`)
    const account = openAccount(print)
    const play = await beginPlay({ server, platform, app, account, clock: systemClock })
    await STORIES[name]?.play(play)
    if (!account.isRight()) wrong += 1
    print(account.isRight() ? 'right' : 'wrong')
  }
  return wrong
}

function channelOf(config: Config, wanted: { type: ChannelType; instance: string | undefined }): ChannelConfig {
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

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
