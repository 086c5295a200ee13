import { Command, InvalidArgumentError } from 'commander'
import { openBackupSource } from '../db/backup.ts'
import { databaseIdentity } from '../db/database-identity.ts'
import { systemClock } from '../kernel/clock.ts'
import { removeOlder } from './backup/backup-folders.ts'
import { describeBackup } from './backup/describe-backup.ts'
import { backupDirectory, makeBackup } from './backup/make-backup.ts'
import { CommandRefused, runCommand } from './command.ts'

const EXIT_MADE = 0
const EXIT_NOT_CLEAN = 1
const EXIT_NOT_MADE = 2

const command = new Command('backup')
  .description('Copies one moment of the database, beside a running server, and writes down what is in the copy.')
  .option('--to <folder>', 'where to write it (default: BACKUP_DIR)')
  .option('--keep <count>', 'afterwards, remove all but so many of the newest backups of this database there', countOf)
  .option('--json', 'print the manifest as JSON, with the folder')
  .option('--quiet', 'print only what went wrong')
  .addHelpText(
    'after',
    '\nExit code: 0 the backup is whole, 1 it is whole and the books are not clean, 2 no backup was made.',
  )
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT_MADE : EXIT_NOT_MADE))
  .parse()
const {
  to,
  keep,
  json = false,
  quiet = false,
} = command.opts<{
  to?: string
  keep?: number
  json?: boolean
  quiet?: boolean
}>()

await runCommand({ schema: 'known', refusedExitCode: EXIT_NOT_MADE }, async ({ config, database }) => {
  if ((await database.appliedMigrations()).length === 0) {
    throw new CommandRefused('the database has no tables yet: there is nothing to back up')
  }
  const directory = backupDirectory(to ?? config.backupDir)
  const source = await openBackupSource(config.database, database)
  const identity = databaseIdentity(config.database, database)
  const deps = { database, identity, source, clock: systemClock }
  const made = await makeBackup(deps, { directory, quiet: quiet || json })
  const removed = keep === undefined ? [] : await removeOlder(directory, { keep, made })
  if (json) process.stdout.write(`${JSON.stringify({ folder: made.folder, ...made.manifest, removed }, null, 2)}\n`)
  else if (!quiet) process.stdout.write(`${describeBackup(made, { removed })}\n`)
  if (made.report?.clean !== false) return EXIT_MADE
  const broken = made.manifest.audit.broken.join(', ')
  process.stderr.write(`The books are not clean (${broken}): see \`npm run audit\`.\n`)
  return EXIT_NOT_CLEAN
})

function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number from 1.')
}
