import { Presets, SingleBar } from 'cli-progress'

// Where nobody watches, a line now and then is worth it only for work that takes minutes.
const LOG_EVERY_MS = 10_000

export interface Progress {
  readonly done: number
  readonly total: number
  /** Fills the other names of the format. */
  readonly words?: Readonly<Record<string, string>>
}

/**
 * Shows on standard error how far some work is: a bar on a terminal, a line now and then elsewhere when there is more
 * to do than `worthALog`.
 */
export function openBar(look: { format: string; worthALog: number }): {
  update: (progress: Progress) => void
  close: () => void
} {
  const isTerminal = process.stderr.isTTY === true
  const bar = new SingleBar(
    {
      format: look.format,
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      // Restores the cursor when the work is interrupted.
      gracefulExit: isTerminal,
      noTTYOutput: true,
      notTTYSchedule: LOG_EVERY_MS,
    },
    Presets.legacy,
  )
  let started = false
  return {
    update: ({ done, total, words = {} }) => {
      if (!isTerminal && total < look.worthALog) return
      if (!started) bar.start(total, 0, words)
      started = true
      bar.update(done, words)
    },
    close: () => {
      if (started) bar.stop()
    },
  }
}
