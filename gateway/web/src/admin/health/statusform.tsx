// The form of a decision about somebody's status, or that of many.
import { useState } from "preact/hooks";
import { call } from "../../desk/call";
import { href } from "../../desk/router";
import { statusWord } from "../../desk/town";
import { Form, type Values } from "../../desk/ui/form";
import { confirm, toast } from "../../desk/ui/overlay";
import { useLoad } from "../../desk/ui/parts";
import { newID } from "../../desk/ui/register";
import { t } from "../../shared/i18n";
import { wire } from "../../shared/time";
import type { Case } from "./types";
import { grounds, optionsOf, statusOptions } from "./words";

const ends = ["red", "yellow", "observation", "quarantine"];

export interface Outcome {
	/** It waits for a second person. */
	proposal?: { id: string };
	changed?: number;
	failed?: { resident: string; detail: string }[];
}

interface Props {
	people: readonly string[];
	/** Many take a case and are sent as one change, even if they are few. */
	many?: boolean;
	/** Fever case of which a hospital has given a positive result, "". */
	fever?: string;
	onDone: (outcome: Outcome) => void;
}

export function StatusForm({ people, many = false, fever = "", onDone }: Props) {
	const [waits, setWaits] = useState("");
	const [id, setID] = useState(() => newID("st"));
	const { data } = useLoad(() => call<{ cases: Case[] }>("GET", "/v1/cases", { query: { state: "open" } }));
	const cases = (data?.cases ?? []).map((k) => ({ value: k.code, label: `${k.code} ${k.title}` }));
	const needsCase = (v: Values) => many || (v.status === "red" && fever === "");
	const submit = async (values: Values) => {
		if (people.length === 0) {
			throw new Error(t({ zh: "先给出人员编号", en: "Name the people first" }));
		}
		const second = (values.status === "red" && fever === "") || people.length > 20;
		const sure = await confirm({
			title: t({
				zh: `${people.length} 人变更为“${statusWord(String(values.status))}”？`,
				en: `${statusWord(String(values.status))} for ${people.length}?`,
			}),
			text: second
				? t({
						zh: "提交后须由另一人审批，批准前不生效。",
						en: "It waits for a second person, and is not in force before.",
					})
				: t({
						zh: "所有卡口立即生效，本人在手机上看到依据。",
						en: "In force at every gate at once; the person reads the ground on their phone.",
					}),
			danger: values.status === "red",
		});
		if (!sure) {
			return;
		}
		const body = {
			...values,
			until: values.until || undefined,
			...(fever && values.status === "red" ? { fever } : {}),
		};
		const outcome = many
			? await call<Outcome>("POST", "/v1/status-changes", { body: { id, people, ...body }, timeout: 120_000 })
			: await call<Outcome>("PUT", `/v1/residents/${people[0]}/status`, { body });
		setID(newID("st"));
		setWaits(outcome.proposal?.id ?? "");
		toast(
			outcome.proposal
				? t({ zh: "已提交，等待另一人审批", en: "Proposed: it waits for a second person" })
				: t({ zh: "已生效", en: "In force" }),
		);
		onDone(outcome);
	};
	return (
		<>
			{fever && (
				<p class="hint">
					{t({
						zh: "依据医院凭码回报的阳性结果，红码立即生效；生成回报码的人不能自己转。",
						en: "By the hospital's positive result red is in force at once, but not by whoever made its code.",
					})}
				</p>
			)}
			<Form
				submitText={t({ zh: "提交决定", en: "Decide" })}
				initial={{
					status: fever ? "red" : "yellow",
					ground: fever ? "positive_test" : "close_contact",
					until: wire(Date.now() + 14 * 86_400_000 - 600_000),
				}}
				fields={[
					{
						name: "status",
						label: t({ zh: "变更为", en: "Becomes" }),
						kind: "select",
						required: true,
						options: statusOptions("green", "yellow", "red", "observation", "quarantine", "recovered", "gone"),
						hint: t({
							zh: "需要四个一的，用“开始医学观察”",
							en: "Whoever needs the three people: begin an observation instead",
						}),
					},
					{
						name: "ground",
						label: t({ zh: "依据", en: "Ground" }),
						kind: "select",
						required: true,
						options: optionsOf(
							grounds,
							Object.keys(grounds).filter((g) => g !== "lapsed"),
						),
					},
					{
						name: "until",
						label: t({ zh: "到期", en: "Until" }),
						kind: "datetime",
						required: true,
						when: (v) => ends.includes(String(v.status)),
						hint: t({ zh: "红码最长 14 天，其他最长 60 天", en: "Red at most 14 days, any other at most 60" }),
					},
					{
						name: "evidence",
						label: t({ zh: "证据", en: "Evidence" }),
						required: true,
						placeholder: t({ zh: "如：县医院核酸检测报告", en: "the hospital's report, say" }),
					},
					{
						name: "case",
						label: t({ zh: "案件", en: "Case" }),
						kind: "pick",
						options: cases,
						required: true,
						when: needsCase,
					},
				]}
				submit={submit}
			/>
			{waits && (
				<p class="hint" role="status">
					{t({ zh: "等待审批：", en: "It waits: " })}
					<a href={href(["proposals", waits])}>{t({ zh: "查看这项变更", en: "open it" })}</a>
				</p>
			)}
		</>
	);
}
