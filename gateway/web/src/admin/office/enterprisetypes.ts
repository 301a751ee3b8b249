// Enterprises as the API tells of them.

import type { Step } from "../../desk/ui/register";
import type { Text } from "../../shared/i18n";

export interface Profile {
	contact: string;
	phone: string;
	plan_on_file: boolean;
	plan_note: string;
	masks: number;
	thermometers: number;
	/** 0: no limit of its own. */
	staff_limit: number;
}

export interface Enterprise {
	site: string;
	name: string;
	kind: string;
	node: string;
	state: "none" | "applying" | "approved" | "suspended" | "refused" | "lapsed";
	valid_until: string | null;
	/** ID of the application that waits. */
	application: string | null;
	/** ID of the one under which it works. */
	in_force: string | null;
	gates_closed: boolean;
	profile: Profile;
}

export interface Application {
	id: string;
	state: "draft" | "submitted" | "returned" | "approved" | "refused" | "suspended" | "replaced";
	measures: string;
	headcount: number;
	/** First day of work. */
	start: string;
	/** Of the decision. */
	due_at: string | null;
	overdue: boolean;
	valid_until: string | null;
	/** Of the last decision. */
	ground: string;
	opened_at: string;
	closed_at: string | null;
	steps: Step[];
	/** What makes the site's gates fit the decision: a leader sends it. */
	policy: { text: Text; method: "POST"; path: string; body: object } | null;
}

export interface OneEnterprise extends Enterprise {
	/** How many work there. */
	staff: number;
	applications: Application[];
	steps: Step[];
}

export interface Employee {
	id: string;
	state: "works" | "left";
	resident: string | null;
	name: string;
	id_document: string;
	phone: string;
	job: string;
	since: string;
	left_at: string | null;
}

/** What an enterprise lacks before it can hand an application in, as keys of its profile. */
export function lacks(p: Profile): (keyof Profile)[] {
	const need: [keyof Profile, boolean][] = [
		["contact", p.contact !== "" && p.phone !== ""],
		["plan_on_file", p.plan_on_file],
		["masks", p.masks > 0],
		["thermometers", p.thermometers > 0],
	];
	return need.filter(([, there]) => !there).map(([key]) => key);
}

/** The application that something can be done about now: what waits, else what is in force. */
export function current(e: OneEnterprise): Application | undefined {
	const id = e.application ?? e.in_force;
	return e.applications.find((a) => a.id === id);
}
