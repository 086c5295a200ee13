/** The package has no types of its own; this is what we use of it. */
declare module 'pino-roll' {
  interface RollOptions {
    readonly file: string
    readonly extension?: string
    readonly frequency?: 'daily' | 'hourly'
    readonly size?: string
    readonly limit?: { readonly count: number; readonly removeOtherLogFiles?: boolean }
    readonly sync?: boolean
    readonly mkdir?: boolean
    readonly mode?: number
    readonly maxLength?: number
  }

  function openRolledFile(options: RollOptions): Promise<import('./log-sinks.ts').LineStream>
  export = openRolledFile
}
