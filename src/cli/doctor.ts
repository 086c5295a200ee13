import { Command } from 'commander'
import { loadProcessConfig } from '../config/load.ts'
import { systemClock } from '../kernel/clock.ts'
import { describeFailure, outliveTheReader } from './command.ts'
import { describeRows, tally } from './doctor/describe-rows.ts'
import { examine } from './doctor/examine.ts'

const EXIT_WELL = 0
const EXIT_FAILED = 1
const EXIT_NOT_RUN = 2

const command = new Command('doctor')
  .description('Goes through the checklist of production, each line with what to do about it. Changes nothing.')
  .option('--audit', 'check the books too, which reads every row')
  .option('--json', 'print the checklist as JSON')
  .addHelpText(
    'after',
    '\nExit code: 0 everything passed, 1 something failed, 2 the checklist could not be gone through.',
  )
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT_WELL : EXIT_NOT_RUN))
  .parse()
const { audit = false, json = false } = command.opts<{ audit?: boolean; json?: boolean }>()

for (const stream of [process.stdout, process.stderr]) stream.on('error', outliveTheReader)
try {
  const rows = await examine({ loaded: loadProcessConfig(), clock: systemClock }, { audit })
  const { passed, failed } = tally(rows)
  const text = json ? JSON.stringify({ passed, failed, rows }, null, 2) : describeRows(rows, { stream: process.stdout })
  process.stdout.write(`${text}\n`)
  process.exitCode = failed === 0 ? EXIT_WELL : EXIT_FAILED
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`)
  process.exitCode = EXIT_NOT_RUN
}
