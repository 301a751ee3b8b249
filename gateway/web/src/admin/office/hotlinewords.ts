// Words of the hotline: what is reported, how it came, what became of it.

export const kinds = {
	complaint: { zh: "投诉", en: "Complaint" },
	help: { zh: "求助", en: "Asks for help" },
	question: { zh: "咨询", en: "Question" },
	tip_off: { zh: "举报", en: "Tip-off" },
};

export const channels = {
	phone: { zh: "电话", en: "Phone" },
	in_person: { zh: "来访", en: "In person" },
	letter: { zh: "来信", en: "Letter" },
	web: { zh: "网页", en: "Web" },
};

export const outcomes = {
	solved: { zh: "已解决", en: "Solved" },
	answered: { zh: "已答复", en: "Answered" },
	unfounded: { zh: "不属实", en: "Unfounded" },
	passed_on: { zh: "已转办", en: "Passed on" },
};
