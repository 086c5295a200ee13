/** The account of a story while it is played: each thing that was done, and whether what came of it was right. */
export interface Account {
  /** Something that the story did. */
  tell(what: string): void
  /** Something that must be so; `found` is shown where it is not. */
  check(what: string, is: { right: boolean; found: string }): void
  readonly isRight: () => boolean
}

/** Writes each line as it happens. */
export function openAccount(write: (line: string) => void): Account {
  let right = true
  let step = 0
  return {
    tell: (what) => {
      step += 1
      write(`  ${step}. ${what}`)
    },
    check: (what, is) => {
      if (!is.right) right = false
      write(is.right ? `     right: ${what}` : `     WRONG: ${what}; it is ${is.found}`)
    },
    isRight: () => right,
  }
}
