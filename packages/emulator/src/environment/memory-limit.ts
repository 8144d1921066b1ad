/**
 * How memory is limited: by sampling what is resident, by a control group of the host, or not at all.
 */
export type MemoryLimit = "watchdog" | "cgroup" | "none";
