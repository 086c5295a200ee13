import { Command } from 'commander'
import { systemClock } from '../kernel/clock.ts'
import { describeRestored } from './backup/describe-restored.ts'
import { restoreBackup } from './backup/restore-backup.ts'
import { runConfigured } from './command.ts'

const EXIT_RESTORED = 0
const EXIT_NOT_AS_IT_WAS = 1
const EXIT_NOT_RESTORED = 2

const command = new Command('restore')
  .description('Puts a backup where DATABASE_URL points, and checks that what stands there is what was backed up.')
  .argument('<backup>', 'the folder of the backup')
  .option('--replace', 'make room first: a SQLite file, or the tables of a MySQL schema, are moved aside')
  .option('--json', 'print the account as JSON')
  .addHelpText(
    'after',
    '\nExit code: 0 restored and as it was, 1 restored but not as the manifest says or with broken books, 2 not restored.',
  )
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT_RESTORED : EXIT_NOT_RESTORED))
  .parse()
const { replace = false, json = false } = command.opts<{ replace?: boolean; json?: boolean }>()
const [backup = ''] = command.args

await runConfigured({ refusedExitCode: EXIT_NOT_RESTORED }, async ({ database: settings }) => {
  const restored = await restoreBackup({ settings, clock: systemClock }, { backup, replace, quiet: json })
  const isAsItWas = restored.differences.length === 0 && restored.report?.clean !== false
  const text = json ? JSON.stringify({ as_it_was: isAsItWas, ...restored }, null, 2) : describeRestored(restored)
  process.stdout.write(`${text}\n`)
  return isAsItWas ? EXIT_RESTORED : EXIT_NOT_AS_IT_WAS
})
