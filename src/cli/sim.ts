import { Command } from 'commander'
import { listStories, type SimOptions, simulate } from './sim/simulate.ts'

const EXIT_USAGE = 2

const program = new Command('sim')
  .description('Plays a payment platform against a running local server: signed deliveries, and what became of them.')
  .argument('[type]', 'the type of the channel; left out: lists what can be played')
  .argument('[story]', 'the story, or `all`')
  .option('--url <address>', 'where the server is reached', 'http://127.0.0.1:8000')
  .option('--instance <name>', 'the configured channel; may be left out when there is one of that type')
  .allowExcessArguments(false)
  .addHelpText(
    'after',
    '\nExit code: 0 all was right, 1 something was wrong or could not be played, 2 it was called wrongly.',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))
  .action(async (type: string | undefined, story: string | undefined, options: SimOptions) => {
    if (type === undefined) listStories()
    else await simulate({ type, story: story ?? 'all' }, options)
  })

await program.parseAsync()
