import { Command, InvalidArgumentError, Option } from 'commander'
import {
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  listSigningKeys,
  revokeSigningKey,
  rotateSigningKey,
} from '../features/sessions/index.ts'
import { isoTime, systemClock } from '../kernel/clock.ts'
import { CommandRefused, runCommand } from './command.ts'
import { describeKeys, freshEntry, givenKeys, keyFields } from './keys/key-words.ts'
import { secretOf } from './keys/secret-of.ts'

const EXIT_DONE = 0
const EXIT_REFUSED = 1
const EXIT_USAGE = 2

// A key made for later than this is a slip: nobody remembers it when it begins to sign.
const IN_SECONDS_MAX = 30 * 24 * 60 * 60

const SETTINGS = { schema: 'current', refusedExitCode: EXIT_REFUSED } as const
const print = (text: string): void => void process.stdout.write(`${text}\n`)

const program = new Command('keys')
  .description('Makes, shows and revokes the keys that sign access tokens. Running servers follow within seconds.')
  .addHelpText('after', '\nExit code: 0 done, 1 refused (nothing was changed), 2 it was called wrongly.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT_DONE : EXIT_USAGE))

const working = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .allowExcessArguments(false)
    .option('--json', 'print JSON, for programs')

working('rotate', 'Makes a key that verifies at once and signs a little later. Nobody is logged out.')
  .addOption(new Option('--alg <algorithm>', 'EdDSA (Ed25519) or HS256').choices(KEY_ALGORITHMS).default('EdDSA'))
  .option('--in <seconds>', 'from when it signs; every server has read it by then', secondsOf, 60)
  .action(({ alg, in: inSeconds, json = false }: { alg: KeyAlgorithm; in: number; json?: boolean }) =>
    runCommand(SETTINGS, async ({ config, database }) => {
      if (config.jwtKeys !== null) {
        print(freshEntry(alg, systemClock.nowMs()))
        throw new CommandRefused(
          'JWT_KEYS is set, so its first entry signs and no key is made here. Put the entry above into JWT_KEYS: last, ' +
            'and restart every server; then first, and restart them again. Take an old entry out three hours after that.',
        )
      }
      const secret = await secretOf(config)
      const key = await rotateSigningKey({ database, clock: systemClock, secret }, { alg, inSeconds })
      const from = isoTime(key.signsFromMs)
      if (json) print(JSON.stringify({ kid: key.kid, alg, signs_from: from }, null, 2))
      else print(`The key ${key.kid} (${alg}) verifies now and signs from ${from}. What was signed before stays good.`)
      return EXIT_DONE
    }),
  )

working('list', 'Shows every key and its state, and nothing of what it signs by.').action(
  ({ json = false }: { json?: boolean }) =>
    runCommand(SETTINGS, async ({ config, database }) => {
      const given = config.jwtKeys
      const keys =
        given === null
          ? await listSigningKeys({ database, clock: systemClock, secret: await secretOf(config) })
          : givenKeys(given)
      if (json)
        print(JSON.stringify({ source: given === null ? 'database' : 'JWT_KEYS', keys: keys.map(keyFields) }, null, 2))
      else
        print(
          given === null ? describeKeys(keys) : `${describeKeys(keys)}\nJWT_KEYS is set: keys made here are not used.`,
        )
      return EXIT_DONE
    }),
)

working('revoke', 'Ends every token that a key has signed. Clients go on with their refresh tokens.')
  .argument('<kid>')
  .action((kid: string, { json = false }: { json?: boolean }) =>
    runCommand(SETTINGS, async ({ config, database }) => {
      if (config.jwtKeys !== null) {
        throw new CommandRefused('JWT_KEYS is set: take the key out of it and restart every server.')
      }
      const revocation = await revokeSigningKey({ database, clock: systemClock }, { kid })
      if (revocation === 'unknown') {
        throw new CommandRefused(`there is no key ${JSON.stringify(kid.slice(0, 64))}: see \`npm run keys -- list\``)
      }
      if (json) print(JSON.stringify({ kid, revoked: true, before: revocation === 'revoked_before' }, null, 2))
      else if (revocation === 'revoked_before') print(`The key ${kid} was revoked before; nothing changes.`)
      else print(`The key ${kid} is revoked: within five seconds no server takes a token by it.`)
      return EXIT_DONE
    }),
  )

await program.parseAsync()

function secondsOf(text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= IN_SECONDS_MAX) return Number(text)
  throw new InvalidArgumentError(`Give a whole number of seconds up to ${IN_SECONDS_MAX}.`)
}
