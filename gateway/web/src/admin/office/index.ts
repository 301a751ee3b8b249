import type { Screen } from "../../desk/ui/shell";

export const screens: Screen[] = [];
