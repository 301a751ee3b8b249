// Who sits at the desk. The session lives as long as the tab: closing it signs out
// of this computer, which others use as well.
import { signal } from "@preact/signals";
import { ask } from "../shared/api";

export type Role =
	| "admin"
	| "leader"
	| "enroller"
	| "grid"
	| "medic"
	| "pharmacist"
	| "inspector"
	| "tracer"
	| "auditor";

export interface Session {
	token: string;
	/** UTC ms from which the server takes the token no more. */
	expires: number;
	login: string;
	name: string;
	role: Role;
	/** Node of the grid that the account answers for. */
	grid: string;
}

/** Where a session is kept: this tab by default. */
export interface Keeper {
	load(): Session | null;
	save(session: Session | null): void;
}

const KEY = "passgate.session";

const tab: Keeper = {
	load() {
		try {
			const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
			return found && found.expires > Date.now() ? found : null;
		} catch {
			return null; // storage is forbidden here, or holds something else
		}
	},
	save(next) {
		try {
			if (next) {
				sessionStorage.setItem(KEY, JSON.stringify(next));
			} else {
				sessionStorage.removeItem(KEY);
			}
		} catch {
			// it holds until the page is left
		}
	},
};

let keeper = tab;

/** Who is signed in; null shows the login. */
export const session = signal<Session | null>(tab.load());

/** Keeps sessions elsewhere than in the tab, from now on; what is there is taken up. */
export function keepIn(other: Keeper): void {
	keeper = other;
	session.value = other.load();
}

/** Takes a session over. */
export function hold(next: Session | null): void {
	keeper.save(next);
	session.value = next;
}

/** Signs in; throws ApiError, with the code "code_required" if the account has a second factor and none was given. */
export async function signIn(login: string, password: string, code?: string): Promise<void> {
	const body = code ? { login, password, code } : { login, password };
	const { value } = await ask<Omit<Session, "expires"> & { expires_at: string }>("/v1/login", {
		body,
		timeout: 20_000,
	});
	const { expires_at, ...who } = value;
	hold({ ...who, expires: Date.parse(expires_at) });
}

/** Forgets the session here. */
export function signOut(): void {
	hold(null);
}

/** Whether who is signed in has one of these roles; an admin has them all. */
export function may(...roles: readonly Role[]): boolean {
	const role = session.value?.role;
	return role !== undefined && (role === "admin" || roles.includes(role));
}
