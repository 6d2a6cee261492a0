// What a thread writes about itself, as a sentence.
import { listNames, t } from "../strings.js";
import { isMe, nameOf, nameOrYou } from "./names.js";

// At the beginning of a sentence, and further on in it.
function subjects(message) {
  return listNames(message.people.map(({ id, name }) => (isMe(id) ? t.you : name || nameOf(id))));
}

function people(message) {
  return listNames(message.people.map(({ id, name }) => (isMe(id) ? t.youAsObject : name || nameOf(id))));
}

export function describeSystem(message) {
  const { initiator } = message;
  const isOwnDoing = message.people.length === 1 && message.people[0].id === initiator;
  switch (message.type) {
    case "topicUpdated":
      return initiator ? t.renamed(nameOrYou(initiator), message.topic) : t.renamedByNobody(message.topic);
    case "participantAdded":
      // Only who creates a thread is among those whom it is created with.
      if (message.people.some(({ id }) => id === initiator)) return started(message);
      return initiator ? t.added(nameOrYou(initiator), people(message)) : t.joined(subjects(message));
    case "participantRemoved":
      return initiator && !isOwnDoing
        ? t.removed(nameOrYou(initiator), people(message))
        : t.leftLine(subjects(message));
    default:
      return "";
  }
}

function started(message) {
  const others = message.people.filter(({ id }) => id !== message.initiator);
  const who = nameOrYou(message.initiator);
  return others.length ? t.startedWith(who, people({ people: others })) : t.started(who);
}
