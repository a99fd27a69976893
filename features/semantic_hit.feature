Feature: The same question in other words is answered from memory
  People ask the same thing in their own words; a model is paid for each of them.
  Memory answers when the meaning is near enough, and shows on what it relied.

  Rule: A question of the same meaning is answered from memory

    Example: Other words
      Given the question "How do I install RAGBoost?" was answered
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit
      And the model was asked once

    Example: The asker sees what it was matched with
      Given the question "How do I install RAGBoost?" was answered
      When "How can I install RAGBoost?" is asked
      Then the answer names "How do I install RAGBoost?" as the question it was given to
      And it tells a similarity of at least 0.95

  Rule: A question of another meaning goes to the model

    Example: Another matter
      Given the question "How do I install RAGBoost?" was answered
      When "What is the weather like in Paris?" is asked
      Then the model answers
      And the reason is that it is not certain enough that the nearest remembered answer fits

    Example: Near, but another thing to do
      Given the question "How do I install RAGBoost?" was answered
      When "How do I configure the colours of a terminal?" is asked
      Then the model answers
      And the reason is that it is not certain enough that the nearest remembered answer fits

  Rule: Only the words of the question may differ

    Example: Other words, asked differently
      Given the question "How do I install RAGBoost?" was answered
      When "How can I install RAGBoost?" is asked <differently>
      Then the model answers

      Examples:
        | differently                 |
        | of another model            |
        | with a temperature of 0.7   |
        | in the namespace "handbook" |

  Rule: What would be decided can be seen beforehand

    Example: Judging without asking
      Given nothing is remembered
      When it is judged whether "How can I install RAGBoost?" may be answered like "How do I install RAGBoost?"
      Then it may
      And nothing is remembered
      And the model was not asked
