import { Command } from 'commander'
import { erase } from './player/erase.ts'
import { exportData } from './player/export.ts'
import { showTrail } from './player/show-trail.ts'
import { signOut } from './player/sign-out.ts'

const EXIT_USAGE = 2

const program = new Command('player')
  .description("Looks after one player's account: what is kept of them, and its end.")
  .addHelpText('after', '\nExit code: 0 done, 1 refused and nothing was done, 2 it was called wrongly.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))

const about = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .argument('<uid>', "the player's number, like 10001")
    .allowExcessArguments(false)

about('export', 'Writes everything that is kept of a player as one JSON document.')
  .option('--out <file>', 'the file to write, readable by its owner only; standard output when left out')
  .option('--force', 'replace the file when it is there')
  .action((uid: string, options: { out?: string; force?: boolean }) => exportData(uid, options))

about('erase', 'Erases a player: personal data goes, orders and books stay. Without --yes it shows what would go.')
  .option('--yes', 'do it; it cannot be undone')
  .action((uid: string, options: { yes?: boolean }) => erase(uid, options))

about('trail', 'Shows the security events of a player, the newest first.')
  .option('--limit <number>', 'how many, at most 1000', '50')
  .option('--json', 'print JSON, for programs')
  .action((uid: string, options: { limit: string; json?: boolean }) => showTrail(uid, options))

about('sign-out', 'Ends every session of a player: all devices are logged out.').action((uid: string) => signOut(uid))

await program.parseAsync()
