import { Command } from 'commander'
import { auditDatabase } from './audit/audit-database.ts'
import { openProgressBar } from './audit/progress-bar.ts'
import { describeReport } from './audit/report.ts'
import { runCommand } from './command.ts'

const EXIT_CLEAN = 0
const EXIT_BREACH = 1
const EXIT_NOT_RUN = 2

const command = new Command('audit')
  .description('Checks the books: every invariant, on one snapshot of the database. Changes nothing.')
  .option('--json', 'print the report as JSON')
  .option('--quiet', 'print what is broken and nothing else')
  .addHelpText('after', '\nExit code: 0 the books are clean, 1 an invariant is broken, 2 the audit could not run.')
  .allowExcessArguments(false)
  // A mistyped option must not look like a breach.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT_CLEAN : EXIT_NOT_RUN))
  .parse()
const { json = false, quiet = false } = command.opts<{ json?: boolean; quiet?: boolean }>()

await runCommand({ schema: 'current', refusedExitCode: EXIT_NOT_RUN }, async ({ database }) => {
  const bar = quiet ? null : openProgressBar()
  let report: Awaited<ReturnType<typeof auditDatabase>>
  try {
    report = await auditDatabase(database, bar ? { onProgress: bar.update } : {})
  } finally {
    bar?.close()
  }
  const text = json ? JSON.stringify(report, null, 2) : describeReport(report, { quiet })
  if (text !== '') process.stdout.write(`${text}\n`)
  return report.clean ? EXIT_CLEAN : EXIT_BREACH
})
