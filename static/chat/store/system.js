// System messages as sentences.
import { listNames, t } from "../strings.js";
import { isMe, nameOf, nameOrYou } from "./names.js";

/**
 * @param {Chat.Person[]} people
 * @param {string} you how this person is called at this place of the sentence
 */
const listPeople = (people, you) =>
  listNames(people.map(({ id, name }) => (isMe(id) ? you : name || nameOf(id))));

/** @param {Chat.Person[]} people */
const asSubject = (people) => listPeople(people, t.you);

/** @param {Chat.Person[]} people */
const asObject = (people) => listPeople(people, t.youAsObject);

/** @param {Chat.Message} message */
export function describeSystem(message) {
  switch (message.type) {
    case "topicUpdated":
      return topicUpdated(message);
    case "participantAdded":
      return participantAdded(message);
    case "participantRemoved":
      return participantRemoved(message);
    default:
      return "";
  }
}

/** @param {Chat.Message} message */
const topicUpdated = ({ initiator, topic }) =>
  initiator ? t.renamed(nameOrYou(initiator), topic ?? "") : t.topicChanged(topic ?? "");

/** @param {Chat.Message} message */
function participantAdded({ initiator, people }) {
  // Only the creator of a thread is among the people who are added.
  if (people.some(({ id }) => id === initiator)) return started(nameOrYou(initiator), initiator, people);
  return initiator ? t.added(nameOrYou(initiator), asObject(people)) : t.joined(asSubject(people));
}

/** @param {Chat.Message} message */
function participantRemoved({ initiator, people }) {
  const hasLeft = people.length === 1 && people[0].id === initiator;
  return initiator && !hasLeft
    ? t.removed(nameOrYou(initiator), asObject(people))
    : t.leftLine(asSubject(people));
}

/**
 * @param {string} who
 * @param {string | null} initiator
 * @param {Chat.Person[]} people
 */
function started(who, initiator, people) {
  const others = people.filter(({ id }) => id !== initiator);
  return others.length ? t.startedWith(who, asObject(others)) : t.started(who);
}
