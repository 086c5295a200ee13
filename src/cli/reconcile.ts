import { Command, Option } from 'commander'
import { EXIT_CLEAN, EXIT_NOT_RUN, type ReconcileOptions, reconcileWith } from './reconcile/reconcile-with.ts'

const program = new Command('reconcile')
  .description(
    "Compares what a payment platform has with the books of its channel, both ways: by the platform's own list, or by a " +
      'report that you have downloaded there. Changes nothing without --apply.',
  )
  .argument('<channel>', 'the configured instance')
  .requiredOption('--from <time>', 'the first moment: 2026-11-01, which is midnight UTC, or 2026-11-01T08:00:00Z')
  .requiredOption('--to <time>', 'the moment after the last')
  .option('--report <file>', 'a report of the platform: .csv or .json; see docs/reconciliation.md for its form')
  .addOption(new Option('--format <format>', 'what is printed').choices(['text', 'json', 'csv']).default('text'))
  .option('--out <file>', 'writes it to this file, which must not be there yet')
  .option('--apply', 'takes in what the platform proves and the books do not have')
  .allowExcessArguments(false)
  .addHelpText(
    'after',
    '\nExit code: 0 both sides agree, or do now, 1 they differ, 2 it was called wrongly or could not be done.',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT_CLEAN : EXIT_NOT_RUN))
  .action((instance: string, options: ReconcileOptions) => reconcileWith(instance, options))

await program.parseAsync()
