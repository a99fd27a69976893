Feature: An answer is heard while it is spoken
  Whoever reads along has the first words after a moment, however long the answer grows.
  Whoever asks the same meanwhile hears it from its beginning, and it is remembered like any other.

  Rule: What the model says is passed on as it says it

    Example: The first words come while the model still speaks
      Given the model pauses after its first words
      When somebody listens to the answer to "What was announced?"
      Then the first words are heard while the model pauses
      And the whole answer is heard in the end

    Example: Who comes late hears the beginning too
      Given the model pauses after its first words
      And somebody listens to the answer to "What was announced?"
      When 5 more people listen to the answer to "What was announced?"
      Then the first words are heard while the model pauses
      And the model was asked once

    Example: Who wants the answer as a whole shares it
      Given the model pauses after its first words
      And somebody listens to the answer to "What was announced?"
      When "What was announced?" is asked by 5 people at once
      Then everyone gets the first answer
      And the model was asked once

  Rule: How an answer is sent is no matter of memory

    Example: What was listened to is remembered
      Given somebody listened to the answer to "What was announced?"
      When "What was announced?" is asked
      Then the remembered answer comes back as an exact hit

    Example: What is remembered can be listened to
      Given the question "What was announced?" was answered
      When somebody listens to the answer to "What was announced?"
      Then the whole answer is heard in the end
      And the model was asked once

  Rule: Nobody who leaves takes the answer away

    Example: The only listener leaves
      Given the model pauses after its first words
      And somebody listens to the answer to "What was announced?"
      When everybody leaves
      Then "What was announced?" is soon remembered
      And the model was asked once

    Example: One of many leaves
      Given the model pauses after its first words
      And 3 people listen to the answer to "What was announced?"
      When one of them leaves
      Then the whole answer is heard in the end
      And the model was asked once

  Rule: An answer that breaks off is no answer

    Example: The model breaks off
      Given the model breaks off after its first words
      When somebody listens to the answer to "What was announced?"
      Then the listener is told that the answer broke off
      And nothing is remembered
      And the model was asked once

    Example: The model does not even begin
      Given the model is down
      When somebody listens to the answer to "What was announced?"
      Then the listener is told that the model did not answer
      And nothing is remembered
